"""Trains what notebook 10 is about, several ways side by side, and measures each: VQ-VAEs, a judge, names and images.

    python tests/benchmarks/emoji_training.py --out DIR [--seconds 480] [--device cuda] [--tiny]

Needs torch, numpy, Pillow and this repository. One process a variant, on one device. Stage 1 trains VQ-VAEs and the
judge, and takes a third of the time; the best VQ-VAE then gives the codes for stage 2. DIR/results.json is rewritten
as results come in, and so are the weights (float16), so that a run that is cut off loses little.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

BASE = {"image_shape": [3, 32, 32], "code_dim": 16, "likelihood": "gaussian", "variance": 0.01}
VQVAES: dict[str, dict[str, Any]] = {
    "plain": {"codebook_size": 512, "width": 64},
    "residual": {"codebook_size": 512, "width": 64, "residual_blocks": 2},
    "residual-moved": {"codebook_size": 512, "width": 64, "residual_blocks": 2, "moved": 2},
    "wide-moved": {"codebook_size": 512, "width": 96, "residual_blocks": 1, "moved": 2},
    "1024-moved": {"codebook_size": 1024, "width": 64, "residual_blocks": 2, "moved": 2},
    "sharp-moved": {"codebook_size": 512, "width": 64, "residual_blocks": 2, "moved": 2, "variance": 0.003},
}
NAMES: dict[str, dict[str, Any]] = {
    "still": {"dropout": 0.1},
    "still-dropout": {"dropout": 0.25},
    "moved": {"dropout": 0.1, "moved": True},
    "moved-deep": {"dropout": 0.1, "moved": True, "width": 96, "depth": 7},
    "still-adam": {"dropout": 0.15, "optimizer": "adam"},
}
GOAL = 0.008


def stub_tqdm() -> None:
    """A bare machine may lack tqdm; the progress bar of `fit` is not shown here anyway."""
    try:
        import tqdm.auto  # noqa: F401
    except ImportError:

        class Quiet:
            n = total = 0

            def __init__(self, *_: Any, **__: Any) -> None: ...
            def __getattr__(self, _: str) -> Any:
                return lambda *a, **k: None

        module = types.ModuleType("tqdm.auto")
        module.tqdm = Quiet  # type: ignore[attr-defined]
        sys.modules["tqdm"], sys.modules["tqdm.auto"] = types.ModuleType("tqdm"), module


def load_emoji() -> Any:
    from vqedu.data import emoji

    try:
        return emoji.load()
    except Exception as error:  # no Pillow, or one without WebP
        spare = ROOT / "build" / "emoji.npz"
        print(f"Reading {spare} instead ({error}).", flush=True)
        x = torch.from_numpy(np.load(spare)["x"]).float() / 255
        emoji._pictures = lambda n: x[:n]
        return emoji.load()


class Job:
    """One variant in its own process: its settings, where it writes, and until when it may run."""

    def __init__(self, kind: str, name: str, work: Path, device: str, start: float, until: float, tiny: bool) -> None:
        self.kind, self.name, self.work, self.device = kind, name, work, torch.device(device)
        self.start, self.until, self.tiny = start, until, tiny
        self.curve: list[dict[str, Any]] = []
        self.began = time.time()

    def write(self, result: dict[str, Any], model: Any = None, arguments: dict[str, Any] | None = None) -> None:
        stem = f"{self.kind}-{self.name}"
        if model is not None:
            state = {key: value.detach().cpu() for key, value in model.state_dict().items()}
            half = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
            torch.save({"arguments": arguments, "state": half}, self.work / f"{stem}.pt.part")
            os.replace(self.work / f"{stem}.pt.part", self.work / f"{stem}.pt")
        full = {"kind": self.kind, "name": self.name, "seconds": round(time.time() - self.began, 1), **result}
        (self.work / f"{stem}.json.part").write_text(json.dumps({**full, "curve": self.curve}))
        os.replace(self.work / f"{stem}.json.part", self.work / f"{stem}.json")

    def train(self, model: Any, rows: Tensor, settings: dict[str, Any], loss: Any, measure: Any) -> dict[str, Any]:
        """Train for as many epochs as fit before `until`, measured while all variants run; return what was done."""
        from vqedu import training

        steps_an_epoch = len(rows) // settings["batch_size"]
        trial = copy.deepcopy(model)
        while time.time() < self.start - 6 and not self.tiny:
            time.sleep(0.1)
        clock = {"first": 0.0, "last": 0.0, "steps": 0}

        def tick(step: int) -> bool:
            clock["last"], clock["steps"] = time.time(), step
            if step == 10:
                clock["first"] = time.time()
            return step >= 14 if self.tiny else time.time() > self.start + 4 and step > 20

        objective = None if loss is None else (lambda batch: loss(trial, batch))
        training.fit(trial, rows, **{**settings, "epochs": 1000}, loss=objective, on_step=tick)
        pace = (clock["last"] - clock["first"]) / max(1, clock["steps"] - 10)
        left = self.until - time.time()
        epochs = 1 if self.tiny else max(1, int(0.9 * left / pace / steps_an_epoch))
        total = epochs * steps_an_epoch
        marks = {int(total * share) for share in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)}

        def on_step(step: int) -> bool:
            if step in marks and not self.tiny:
                model.eval()
                with torch.no_grad():
                    self.curve.append({"step": step, "seconds": round(time.time() - began, 1), **measure(quick=True)})
                model.train()
                self.write({"epochs": epochs, "step": step, **settings})
            return time.time() > self.until

        began = time.time()
        objective = None if loss is None else (lambda batch: loss(model, batch))
        history = training.fit(model, rows, **{**settings, "epochs": epochs}, loss=objective, on_step=on_step)
        done = {"epochs": epochs, "steps": history.steps[-1], "of_steps": total, "pace_ms": round(1000 * pace, 2)}
        done |= {"cut_off": history.interrupted, "training_seconds": round(history.seconds, 1)}
        return {**done, **settings, "last_loss": {k: v[-1] for k, v in history.terms.items()}}


def shares(judge: Any, x: Tensor, parts: Any, device: torch.device) -> dict[str, float]:
    seen = [torch.cat(part) for part in zip(*(judge.predict(some.to(device)) for some in x.split(500)), strict=True)]
    right = [(a.cpu() == b).float() for a, b in zip(seen, parts, strict=True)]
    names = ("role", "person", "tone", "all")
    return dict(zip(names, (r.mean().item() for r in (*right, right[0] * right[1] * right[2])), strict=True))


def run_vqvae(job: Job) -> None:
    from vqedu import metrics, models
    from vqedu.data.jitter import moved

    emoji = load_emoji()
    settings = dict(VQVAES[job.name])
    pixels = settings.pop("moved", 0)
    arguments = {**BASE, **settings}
    torch.manual_seed(0)
    model = models.VQVAE(**arguments)
    train, unseen = emoji.part("train").x, emoji.part("unseen picture").x
    combination = emoji.part("unseen combination").x

    def loss(model: Any, batch: Tensor) -> Any:
        return model.loss(moved(batch, pixels, flip=True) if pixels else batch)

    def measure(quick: bool = False) -> dict[str, Any]:
        device = next(model.parameters()).device
        found = metrics.reached(model, unseen.to(device))
        result = {
            "unseen_pictures": found.squared_error,
            "used": int((metrics.counts(found.indices, model.codebook_size) > 0).sum()),
        }
        if not quick:
            for name, x in (("train", train), ("unseen_combinations", combination)):
                again = metrics.reached(model, x.to(device))
                result |= {
                    name: again.squared_error,
                    f"used_{name}": int((metrics.counts(again.indices, model.codebook_size) > 0).sum()),
                }
            result["perplexity"] = metrics.perplexity(found.indices, model.codebook_size).item()
            result["parameters"] = sum(p.numel() for p in model.parameters())
        return result

    fit = {"batch_size": 64, "learning_rate": 4e-3}
    done = job.train(model, train[:128] if job.tiny else train, fit, loss, measure)
    job.write({**done, "moved": pixels, "arguments": arguments, **measure()}, model, arguments)


def run_judge(job: Job) -> None:
    from vqedu import models, training
    from vqedu.data.emoji import PEOPLE, TONES

    emoji = load_emoji()
    train = emoji.part("train")
    people = train.take([i for i, role in enumerate(train.roles) if role])
    test = emoji.part("unseen combination")
    arguments = {"roles": sorted(set(people.roles)), "people": list(PEOPLE), "tones": list(TONES)}
    torch.manual_seed(0)
    model = models.PeopleJudge(**arguments)
    labels = torch.stack(model.numbers(people.roles, people.people, people.tones), 1)
    rows = torch.cat([labels.float(), people.x.flatten(1)], 1)
    parts = model.numbers(test.roles, test.people, test.tones)

    def measure(quick: bool = False) -> dict[str, Any]:
        device = next(model.parameters()).device
        return {"real": shares(model, test.x, parts, device)}

    fit = {"batch_size": 64, "learning_rate": 3e-3}
    done = job.train(model, rows, fit, None, measure)
    job.write({**done, "arguments": arguments, **measure()}, model, arguments)
    assert training


def load_job(kind: type, path: Path, device: torch.device) -> Any:
    stored = torch.load(path, map_location="cpu", weights_only=True)
    model = kind(**stored["arguments"])
    model.load_state_dict({k: v.to(model.state_dict()[k].dtype) for k, v in stored["state"].items()})
    return model.to(device).eval()


def f1(said: str, right: str) -> float:
    """The harmonic mean of precision and recall of words, each counted as often as it occurs."""
    from collections import Counter

    a, b = Counter(said.replace(",", "").split()), Counter(right.replace(",", "").split())
    common = sum((a & b).values())
    return 2 * common / max(1, sum(a.values()) + sum(b.values()))


def run_names(job: Job) -> None:
    from vqedu import models
    from vqedu.data import tokenizer

    emoji, device = load_emoji(), job.device
    vqvae = load_job(models.VQVAE, job.work / "chosen.pt", device)
    judge = load_job(models.PeopleJudge, job.work / "judge-judge.pt", device)
    train, unseen, combination = (emoji.part(s) for s in ("train", "unseen picture", "unseen combination"))
    settings = dict(NAMES[job.name])
    fit = {"batch_size": 128, "learning_rate": 3e-3, "optimizer": settings.pop("optimizer", "muon")}
    if not hasattr(torch.optim, "Muon"):
        fit["optimizer"] = "adam"
    if fit["optimizer"] == "adam":
        fit["learning_rate"] = 2e-3
    shift = settings.pop("moved", False)
    arguments = {"codebook_size": vqvae.codebook_size, "pieces": tokenizer.vocabulary(train.sentences), **settings}
    torch.manual_seed(0)
    model = models.NamesAndImages(**arguments)
    with torch.no_grad():

        def codes(x: Tensor) -> Tensor:
            return torch.cat([vqvae.encode(part.to(device)).cpu() for part in x.split(500)])

        rows = model.examples(train.sentences, codes(train.x))
        if shift:  # as many still as moved
            padded = torch.nn.functional.pad(train.x, (1, 1, 1, 1), value=1.0)
            places = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
            more = [model.examples(train.sentences, codes(padded[..., i : i + 32, j : j + 32])) for i, j in places]
            rows = torch.cat([rows.repeat(len(more), 1), *more])
        maps = {
            name: codes(split.x)
            for name, split in (("seen", train), ("unseen_pictures", unseen), ("unseen_combinations", combination))
        }
        seen_people = [i for i, role in enumerate(train.roles) if role][::6]
        drawn = {"unseen_combinations": combination, "seen_combinations": train.take(seen_people)}
        parts = {name: judge.numbers(s.roles, s.people, s.tones) for name, s in drawn.items()}
        reconstructed = {}
        for name, s in drawn.items():
            back = [vqvae.decode(vqvae.encode(some.to(device))).sigmoid().cpu() for some in s.x.split(200)]
            reconstructed[name] = shares(judge, torch.cat(back), parts[name], device)
    held = {
        name: model.examples(split.sentences, maps[name])
        for name, split in (("unseen_pictures", unseen), ("unseen_combinations", combination))
    }

    def drawing(name: str, n: int, temperature: float, guidance: float) -> dict[str, float]:
        generator = torch.Generator(device=device).manual_seed(0)
        found = model.draw(drawn[name].sentences, n, temperature, generator, guidance)
        x = torch.cat([vqvae.decode(part).sigmoid() for part in found.split(400)])
        return shares(judge, x, [part.repeat_interleave(n) for part in parts[name]], device)

    def reading(name: str, split: Any, maps: Tensor) -> dict[str, float]:
        said = [text for part in maps.split(400) for text in model.read(part.to(device))]
        right = [" ".join(tokenizer.words(s)) for s in split.sentences]
        exact = [a == b for a, b in zip(said, right, strict=True)]
        scores = [f1(a, b) for a, b in zip(said, right, strict=True)]
        return {
            "exact": float(np.mean(exact)),
            "f1": float(np.mean(scores)),
            "some": list(zip(said, right, strict=True))[:12],
        }

    def measure(quick: bool = False) -> dict[str, Any]:
        home = next(model.parameters()).device
        model.to(device)
        result: dict[str, Any] = {"nats": {}}
        for name, some in held.items():
            terms = model.loss(some.to(device))
            result["nats"][name] = {"image": terms.image.item(), "words": terms.words.item()}
        few = [(0.7, 1.0), (0.7, 2.0)]
        for temperature, guidance in few if quick else [(t, g) for t in (1.0, 0.7, 0.5) for g in (1.0, 2.0, 3.0)]:
            for name in ("unseen_combinations",) if quick else drawn:
                n = 1 if quick or job.tiny else 4 if name == "unseen_combinations" else 2
                result[f"draw {name} t={temperature} g={guidance}"] = drawing(name, n, temperature, guidance)
            if job.tiny:
                break
        result["read unseen_combinations"] = reading("unseen_combinations", combination, maps["unseen_combinations"])
        result["read unseen_pictures"] = reading("unseen_pictures", unseen, maps["unseen_pictures"])
        if not quick:
            result["read seen"] = reading("seen", train.take(list(range(0, 3000, 8))), maps["seen"][0:3000:8])
        model.to(home)
        return result

    done = job.train(model, rows[:256] if job.tiny else rows, fit, None, measure)
    model.eval()
    common = {
        **done,
        "moved": shift,
        "settings": settings,
        "rows": len(rows),
        "judge_on_reconstructions": reconstructed,
    }
    common["parameters"] = sum(p.numel() for p in model.parameters())
    job.write(common, model, arguments)
    with torch.no_grad():
        job.write({**common, **measure()})


RUN = {"vqvae": run_vqvae, "judge": run_judge, "names": run_names}


def stage(kinds: list[tuple[str, str]], work: Path, out: Path, args: Any, until: float) -> None:
    """Run the jobs side by side until all are done; copy what they have written to `out` every few seconds."""
    start = time.time() + (0 if args.tiny else 25)
    common = ["--work", str(work), "--device", args.device, "--start", str(start), "--until", str(until)]
    common += ["--tiny"] if args.tiny else []
    environment = {**os.environ, "OMP_NUM_THREADS": "2" if args.device == "cuda" else "1", "CI": "1"}
    running = []
    for kind, name in kinds:
        log = (work / f"{kind}-{name}.log").open("w")
        command = [sys.executable, __file__, "--job", kind, "--name", name, *common]
        running.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=ROOT))
        if args.tiny:
            running[-1].wait()
    grace = until + 45
    while any(process.poll() is None for process in running):
        if time.time() > grace and not args.tiny:
            for process in running:
                process.kill()
        collect(work, out)
        time.sleep(2)
    collect(work, out)


def collect(work: Path, out: Path) -> None:
    results = [json.loads(path.read_text()) for path in sorted(work.glob("*.json"))]
    logs = {path.stem: path.read_text()[-1500:] for path in work.glob("*.log") if path.stat().st_size}
    (out / "results.json").write_text(json.dumps({"results": results, "logs": logs}, indent=1))
    first = {
        path.stem: torch.load(path, weights_only=True)
        for path in work.glob("*.pt")
        if not path.stem.startswith("names-")
    }
    if first:
        torch.save(first, out / "first.pt")
    for path in work.glob("names-*.pt"):
        (out / path.name).write_bytes(path.read_bytes())


def choose(work: Path) -> str:
    """Return the VQ-VAE with the smallest codebook, then fewest weights, that reaches the goal; else the best."""
    found = [json.loads(path.read_text()) for path in work.glob("vqvae-*.json")]
    found = [result for result in found if "parameters" in result and (work / f"vqvae-{result['name']}.pt").exists()]
    good = [
        r for r in found if r["unseen_pictures"] <= GOAL - 0.0002 and r["used_train"] == r["arguments"]["codebook_size"]
    ]
    if good:
        return str(min(good, key=lambda r: (r["arguments"]["codebook_size"], r["unseen_pictures"]))["name"])
    return str(min(found, key=lambda r: r["unseen_pictures"])["name"])


def main(args: Any) -> None:
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp())
    began = time.time()
    print(f"torch {torch.__version__}, {args.device}, work in {work}", flush=True)
    variants = list(VQVAES)[:1] if args.tiny else list(VQVAES)
    stage([("judge", "judge"), *(("vqvae", name) for name in variants)], work, out, args, began + args.seconds * 0.36)
    chosen = choose(work)
    print(f"chosen after {time.time() - began:.0f} s: {chosen}", flush=True)
    (work / "chosen.pt").write_bytes((work / f"vqvae-{chosen}.pt").read_bytes())
    names = list(NAMES)[:1] if args.tiny else list(NAMES)
    stage([("names", name) for name in names], work, out, args, began + args.seconds - 45)
    print(f"done after {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option, kind, default in (
        ("--out", str, os.environ.get("OUT", "build/emoji")), ("--seconds", float, 480.0), ("--device", str, "cuda"),
        ("--job", str, ""), ("--name", str, ""), ("--work", str, ""), ("--start", float, 0.0), ("--until", float, 0.0),
    ):  # fmt: skip
        parser.add_argument(option, type=kind, default=default)
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    stub_tqdm()
    torch.set_float32_matmul_precision("high")
    if arguments.job:
        a = arguments
        RUN[a.job](Job(a.job, a.name, Path(a.work), a.device, a.start, a.until, a.tiny))
    else:
        main(arguments)
