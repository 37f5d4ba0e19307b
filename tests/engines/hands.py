"""What a hand does with each explorer, in any engine: where it drags, which key it presses, where a finger begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines.engine import Engine, Place, Unsupported
from vqedu.widgets.base import Explorer

Share = tuple[float, float]  # of a node's width and height
STEPS = 6
PATIENCE_S = 10.0
TOUCH_PATIENCE_S = 4.0  # at each of the places where a finger may take hold

# Notes what goes wrong in the page, and how often each kind of pointer came down.
WATCH = """<script>
window.faults = []; window.pointers = {};
addEventListener("error", (event) => faults.push(event.message));
addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
const { error } = console;
console.error = (...said) => { faults.push(said.join(" ")); error(...said); };
addEventListener("pointerdown", ({ pointerType: kind }) => { pointers[kind] = (pointers[kind] ?? 0) + 1; }, true);
</script>"""
HEAD = """<!doctype html><html lang='en'><meta charset='utf-8'><title>One explorer</title>
<meta name='viewport' content='width=device-width, initial-scale=1'>"""
# All that can be seen: the words of the stage, the values of its fields, the pixels of its canvases.
SEEN = """(() => {
  const stage = document.querySelector(".vq-stage");
  const drawn = [...stage.querySelectorAll("canvas")].filter((node) => node.clientWidth);
  const fields = [...stage.querySelectorAll("input, select")].map((node) => `${node.value} ${node.checked}`);
  const text = [stage.innerText, ...fields, ...drawn.map((node) => node.toDataURL())].join("|");
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
})()"""
READY = "!!document.querySelector('.vq-stage') && !document.querySelector('[aria-busy=true]')"
# Canvases of one color, or without size; a paper to draw on is white as long as nobody has drawn.
BLANK = """[...document.querySelectorAll(".vq-stage canvas:not(.vq-ink, .vq-overlay)")].filter((node) => {
  if (!node.clientWidth) return false;
  const { data } = node.getContext("2d").getImageData(0, 0, node.width, node.height);
  return new Uint32Array(data.buffer).every((pixel, i, all) => pixel === all[0]);
}).map((node) => node.className || node.getAttribute("aria-label"))"""


@dataclass(frozen=True)
class Hand:
    """A drag of the mouse, a key on a node, and places at which a finger may take hold, the first that works counts."""

    node: str
    start: Share
    end: Share
    key_node: str
    key: str
    finger: tuple[Share, ...] = ()
    tap_first: Share | None = None  # where a finger puts z before it drags it

    def starts(self) -> tuple[Share, ...]:
        return self.finger or (self.start,)

    def way_from(self, start: Share) -> list[Share]:
        """Where a finger goes that begins at `start`: a tap goes nowhere."""
        if self.start == self.end:
            return [start]
        return way(start, (start[0] + self.end[0] - self.start[0], start[1] + self.end[1] - self.start[1]))


APPLICATION = "canvas[role=application]"


def on_map(node: str = ".vq-map") -> Hand:
    """z is dragged from anywhere by a mouse; a finger puts it somewhere and then drags it."""
    return Hand(node, (0.4, 0.4), (0.7, 0.6), node, "ArrowRight", ((0.5, 0.5),), tap_first=(0.5, 0.5))


def on_bell(share: float) -> Hand:
    """The peak's share of the width is known; how high it is depends on the scale."""
    heights = tuple((share, height) for height in (0.4, 0.35, 0.45, 0.3, 0.5))
    return Hand(APPLICATION, (share, 0.42), (share + 0.15, 0.42), APPLICATION, "ArrowRight", heights)


def on_slider(label: str) -> Hand:
    node = f"input[aria-label='{label}']"
    return Hand(node, (0.5, 0.5), (0.8, 0.5), node, "ArrowRight")


def on_board(explorer: Explorer) -> Hand:
    """The first code, where its state has it."""
    x, y = explorer.state["codes"][0]
    inside, left, top, width, height = 465, 46, 8, 521, 519  # CSS pixels: of the square of points, and of the board
    place = ((left + (x + 3.2) / 6.4 * inside) / width, (top + (3.2 - y) / 6.4 * inside) / height)
    return Hand(APPLICATION, place, (0.5, 0.5), APPLICATION, "ArrowRight")


def clicking(node: str, key_node: str, key: str) -> Hand:
    return Hand(node, (0.5, 0.5), (0.5, 0.5), key_node, key)


HANDS: dict[str, Hand | Callable[[Any], Hand]] = {
    "LatentExplorer": on_map(),
    "SideBySideExplorer": on_map(),
    "ElboExplorer": on_bell(0.46),
    "ReparameterizationExplorer": on_bell(0.69),
    "BetaCalculator": clicking(".vq-beta-recipes button:last-child", "input[type=number]", "ArrowUp"),
    "QuantizationExplorer": on_board,
    "CodebookExplorer": Hand(".vq-codemap", (0.1, 0.1), (0.1, 0.1), ".vq-codemap", "ArrowRight"),
    "TokenExplorer": clicking(".vq-tok-candidate:nth-child(3)", ".vq-tok-cell[aria-pressed=true]", "ArrowLeft"),
    "ResidualExplorer": on_slider("stages switched on"),
    "WordsAndImages": clicking(".vq-wi-chip", "input[type=text]", "Enter"),
    "Prediction: number": Hand("input[type=range]", (0.5, 0.5), (0.8, 0.5), "input[type=range]", "ArrowRight"),
    "Prediction: choice": clicking("input[type=radio]", "input[type=radio]", "ArrowDown"),
    "Prediction: curve": Hand(".vq-q-sheet", (0.3, 0.6), (0.8, 0.3), ".vq-q-sheet", "ArrowUp"),
    "Quiz": clicking("input[type=radio]", "input[type=radio]", "ArrowDown"),
}


def hand_of(name: str, explorer: Explorer) -> Hand:
    found = HANDS.get(name) or HANDS[name.split(":")[0]]
    return found if isinstance(found, Hand) else found(explorer)


def write_page(explorer: Explorer, path: Path, below: int = 0, margin: int = 8) -> None:
    """Write a page with the explorer, so many empty pixels below it, and a margin on either side."""
    body = f"{explorer.to_html()}<div style='height: {below}px'></div>"
    path.write_text(f"{HEAD}{WATCH}<body style='margin: 8px {margin}px'>{body}</body>", encoding="utf-8")


def places(engine: Engine, node: str, shares: list[Share]) -> list[Place]:
    """Return places of the window on the first such node, scrolled into view."""
    quoted = node.replace('"', "'")
    box = engine.run(f"""((node) => {{
        node.scrollIntoView({{ block: "center", behavior: "instant" }});
        const {{ x, y, width, height }} = node.getBoundingClientRect();
        return [x, y, width, height];
    }})(document.querySelector("{quoted}"))""")
    return [(box[0] + u * box[2], box[1] + v * box[3]) for u, v in shares]


def way(start: Share, end: Share) -> list[Share]:
    shares = [step / STEPS for step in range(STEPS + 1)]
    return [(start[0] + s * (end[0] - start[0]), start[1] + s * (end[1] - start[1])) for s in shares]


def changes(engine: Engine, before: Any) -> bool:
    return engine.wait_for(f"({SEEN}) !== {before}", PATIENCE_S)


def by_pointer(engine: Engine, hand: Hand) -> bool:
    before = engine.run(SEEN)
    engine.drag(places(engine, hand.node, way(hand.start, hand.end)))
    return changes(engine, before)


def by_key(engine: Engine, hand: Hand) -> bool:
    before = engine.run(SEEN)
    engine.run(f'document.querySelector("{hand.key_node}").focus()')
    engine.press(hand.key)
    return changes(engine, before)


def is_drawn(engine: Engine) -> bool:
    return engine.wait_for(READY) and engine.wait_for(f"({BLANK}).length === 0", PATIENCE_S)


def by_touch(engine: Engine, hand: Hand) -> bool:
    """Whether a finger moves it. Raises Unsupported where the page sees no finger but a mouse."""
    if hand.tap_first:
        engine.drag(places(engine, hand.node, [hand.tap_first]), "touch")
    for start in hand.starts():
        before = engine.run(SEEN)
        engine.drag(places(engine, hand.node, hand.way_from(start)), "touch")
        if not engine.run("pointers.touch"):
            raise Unsupported("the driver sends a mouse in place of a finger")
        if engine.wait_for(f"({SEEN}) !== {before}", TOUCH_PATIENCE_S):
            return True
    return False
