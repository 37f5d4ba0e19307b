"""The transformer in a page: how exact its logits are, how long a token takes, how long a frame of the token explorer.

    python -m tests.benchmarks.tokens_in_page

Models: the shipped ones, and an untrained one of 479,000 weights. Exactness is the largest difference from torch's
logits on 20 sequences. Sampled tokens are drawn with the same uniform numbers by both sides, 100 sequences a model.
"""

from __future__ import annotations

import base64
import copy
import statistics
import tempfile
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from tests.page.exported import open_exported
from tests.page.node import WIDGETS
from tests.widgets.tokens.drawing import draw_codes
from vqedu import pretrained
from vqedu.models.transformer import Transformer
from vqedu.publish.browser import FLAGS, find_chromium
from vqedu.widgets import TokenExplorer
from vqedu.widgets.base import pack
from vqedu.widgets.bundler import bundle
from vqedu.widgets.transformer_nets import describe_transformer

FILES = ("page/nn.js", "page/transformer.js", "tokens/math.js", "tokens/view.js")
SEQUENCES = 100

MODULES = """async (sources) => {
    const modules = sources.map((source) => import(`data:text/javascript;base64,${source}`));
    window.tested = Object.assign({}, ...(await Promise.all(modules)));
}"""
LOAD = """([text, table, config]) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    window.net = tested.transformer(config, tested.unpack(new DataView(bytes.buffer), table));
}"""
TIMES = """(rows) => rows.map((row) => {
    const cache = net.start();
    return row.map((token) => { const t = performance.now(); net.step(cache, token); return performance.now() - t; });
})"""
LOGITS = "(rows) => rows.map((row) => { const c = net.start(); return row.map((t) => [...net.step(c, t)]); })"
DRAWN = """([states, prompt, K]) => states.map((state) =>
    tested.drawCodes({ after: tested.reader(net), prompt, K }, state).codes)"""
# From the click to the last of 49 codes: the time between one frame and the next.
FRAMES = """async () => {
    const cells = [...document.querySelectorAll(".vq-tok-cell")];
    const filled = () => cells.filter((cell) => /[0-9]/.test(cell.textContent)).length;
    const press = (name) => [...document.querySelectorAll("button")].find((b) => b.textContent === name).click();
    press("Start again");
    await new Promise((done) => setTimeout(done, 700));
    press("Fill the rest");
    const gaps = [];
    for (let last = performance.now(); filled() < 49;) {
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - last);
        last = now;
    }
    return gaps;
}"""


def load(page: Page, model: Transformer) -> None:
    arrays, config = describe_transformer(model)
    (data,), table = pack(arrays)
    sources = [base64.b64encode(bundle(WIDGETS / name).encode()).decode() for name in FILES]
    page.evaluate(MODULES, sources)
    page.evaluate(LOAD, [base64.b64encode(data).decode(), table, config])


@torch.no_grad()
def exactness(page: Page, model: Transformer) -> float:
    rows = torch.randint(model.vocabulary_size, (20, model.length), generator=torch.Generator().manual_seed(0))
    return float((torch.tensor(page.evaluate(LOGITS, rows.tolist())) - model(rows)).abs().max())


def token_ms(page: Page, model: Transformer) -> tuple[float, float]:
    rows = torch.randint(model.vocabulary_size, (30, model.length), generator=torch.Generator().manual_seed(1)).tolist()
    times = sorted(t for row in page.evaluate(TIMES, rows)[5:] for t in row)
    return statistics.median(times), times[int(0.95 * len(times))]


def unlike(page: Page, model: Transformer, prompt: list[int], codes: int) -> int:
    """Return how many of the sequences differ anywhere between page and Python; temperatures and top-k in turn."""
    settings = [(1.0, None), (0.7, None), (1.3, 20), (1.0, 1)]
    states = [
        {"seed": seed, "drawn": 49, "temperature": settings[seed % 4][0], "top_k": settings[seed % 4][1]}
        for seed in range(SEQUENCES)
    ]
    found = page.evaluate(DRAWN, [states, prompt, codes])
    rounded = copy.deepcopy(model).half().float()
    expected = [draw_codes(rounded, prompt, codes, state)[0].tolist() for state in states]
    return sum(a != b for a, b in zip(found, expected, strict=True))


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shipped = pretrained.names()
    models = {"untrained, 479,000": (Transformer(139, 49, 96, 4, 4).eval(), [128])}
    if "prior-mnist" in shipped:
        models["prior-mnist"] = (pretrained.load("prior-mnist").transformer, [128])
    if "words-and-images" in shipped:
        model = pretrained.load("words-and-images")
        prompt = [model.token[name] for name in ("<words>", "a", "thick", "three", "<image>")]
        models["words-and-images"] = (model.transformer, prompt)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(playwright.chromium.executable_path), args=list(FLAGS)
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        print(f"{'model':22}{'logits differ by':>18}{'ms a token':>12}{'p95':>7}{'of 100 sequences unlike':>26}")
        for name, (transformer, prompt) in models.items():
            load(page, transformer)
            middle, late = token_ms(page, transformer)
            differ, others = exactness(page, transformer), unlike(page, transformer, prompt, 128)
            print(f"{name:22}{differ:18.1e}{middle:12.2f}{late:7.2f}{others:26d}")
        if "prior-mnist" in shipped:
            shown = TokenExplorer(pretrained.load("prior-mnist"), pretrained.load("vqvae-mnist"))
            open_exported(page, shown, Path(folder))
            gaps = sorted(gap for _ in range(5) for gap in page.evaluate(FRAMES)[1:])
            middle, late = statistics.median(gaps), gaps[int(0.95 * len(gaps))]
            print(f"token explorer, one code a frame: a frame every {middle:.1f} ms (p95 {late:.1f})")
            print(f"its exported page: {len(shown.to_html()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
