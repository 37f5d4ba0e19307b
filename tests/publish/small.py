"""A small notebook with one of everything, and one that it links to."""

from __future__ import annotations

from pathlib import Path

LONG = " + ".join(map(str, range(60)))  # a line of code that no sheet is wide enough for
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
SOURCE = f"""\
# %% [markdown]
# # A *small* notebook
#
# The density $p(x) < 1$ and a [second one](02_next.ipynb#1.-Its-end?).
#
# $$\\log p(x) \\ge \\operatorname*{{arg\\,max}}_z \\begin{{aligned}} a &= b \\\\ c &= d \\end{{aligned}}$$
#
# <details>
# <summary>Folded</summary>
#
# Inside the fold, $\\sigma$.
#
# ```python
# total = {LONG}
# ```
#
# </details>

# %% tags=["nbval-ignore-output"]
import sys

print("out", 1)
print("err", file=sys.stderr)
print("out", 2)

# %%
import ipywidgets

ipywidgets.IntSlider(value=3)

# %%
from tqdm.auto import tqdm

for _ in tqdm(range(3)):
    pass

# %% [markdown] tags=["slide-90"]
# ## Words alone
#
# As $p(x) < 1$,
#
# $$\\log p(x) < 0.$$
#
# | a | b |
# |---|---|
# | 1 | `2 < 3` |
#
# Note: Say it slowly.

# %% [markdown] tags=["slide-180"]
# ## A black pixel

# %%
from IPython.display import display

alt = {{"image/png": {{"alt": "a black <pixel>"}}}}
display({{"image/png": "{PIXEL}", "text/plain": "a pixel"}}, metadata=alt, raw=True)

# %% [markdown]
# ## Two counters

# %% [markdown] tags=["lecturer"]
# > **Ask:** "What is $5 + 2$?"

# %% [markdown] tags=["slide-45"]
# ## What is five and two?

# %%
import numpy as np

from vqedu.questions import answers
from vqedu.widgets.base import Explorer, pack


class Counter(Explorer):
    _esm = '''export default {{ render({{ model, el }}) {{
      const button = document.createElement("button");
      button.onclick = () => {{ button.textContent = Number(button.textContent) + model.get("config").step; }};
      button.textContent = model.get("data").getUint8(4);
      el.append(button);
    }} }};'''
    _css = ".vqedu-export button {{ width: 200px; height: 50px; }}"
    summary = "A counter"


first, second = ({{"count": np.array([count], dtype=np.uint8)}} for count in (3, 5))
print(answers.read_all())
Counter(pack(first, second)[0], config={{"step": 2}})

# %%
Counter(pack(second, first)[0], config={{"step": 4}})

# %% [markdown]
# Twice.

# %% [markdown]
# Twice.
"""

NEXT = """\
# %% [markdown]
# # The next one
#
# ## 1. Its end?
#
# The straight-through gradient, and <a href="01_small.ipynb">back</a>.
"""


def write(folder: Path) -> Path:
    """Make a folder like notebooks/ with both scripts, and return it."""
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "01_small.py").write_text(SOURCE, encoding="utf-8")
    (folder / "source" / "02_next.py").write_text(NEXT, encoding="utf-8")
    return folder
