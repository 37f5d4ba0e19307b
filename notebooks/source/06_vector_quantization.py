# %% [markdown]
# # 06 · Vector quantization: a code from a table
#
# **After this notebook you can**
#
# - turn vectors into the indices of a table, and say what the table costs and what it loses,
# - run k-means by hand, and draw the cells in which each code rules,
# - show that "take the nearest" has no slope, and let a gradient through all the same,
# - say which of the three losses of the VQ-VAE moves which part, and prove it with `.grad`,
# - move a codebook by gradients or by moving averages, find its dead codes and revive them.
#
# **Time:** 75 minutes, and 40 for the exercises (52 with the optional one). **Builds on:** [03 Reparameterization](03_reparameterization.ipynb) and [04 The VAE](04_vae.ipynb). **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import torch
from itertools import pairwise
from torch import nn
from torch.distributions import Categorical, kl_divergence
from torch.nn import functional as F
from vqedu import checks, metrics, plots, widgets
from vqedu.lessons import plane
from vqedu.quantizers import VectorQuantizer, kmeans

points = plane.points("kinds")  # (240, 2), float32: six clusters in the plane

# %% [markdown]
# ## 1. Nature has kinds
#
# A digit is a 3 or a 5, and nothing between. A word is one of some ten thousand, a stroke of the pen one of perhaps a few hundred.
# The VAE describes such things by numbers that may take any value. Here we give each thing an entry in a **list of kinds**, and describe it by the number of that entry.
#
# You know the simplest such list from rounding. Whole numbers are a table of allowed values, and rounding takes the nearest one.

# %%
z = torch.tensor([0.2, 2.7, 1.1, -0.4, 3.3])
table = torch.tensor([0.0, 1.0, 2.0, 3.0])  # K = 4 allowed values
indices = (z[:, None] - table).abs().argmin(1)  # (5, 1) - (4,) -> (5, 4) -> (5,)
print("indices:", indices.tolist(), " values:", table[indices].tolist())
print("the same as rounding and clamping:", torch.equal(table[indices], z.round().clamp(0, 3)))

# %% [markdown]
# Five numbers have become five indices. With $K = 4$ entries an index needs $\log_2 4 = 2$ bits, where a float needs 32. The rest is lost for good.
# This is **scalar quantization**: one number at a time, with a table of numbers.
#
# Now the points in the plane, two numbers each. We could round each coordinate to one of 3 levels, which allows $3 \times 3 = 9$ places. Or we could put 9 places wherever the points need them.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Where have you met rounding to a table today?" (Colours of a screen, 16-bit sound, the grades of this course.)
# > - **Usually answered:** "In digital photos."
# > - **Show:** The two panels below. Both have nine places. Ask which codes of the left panel are nearly wasted.

# %%
widgets.Prediction("vector_quantization.grid")

# %%
low, high = points.min(0).values, points.max(0).values
levels = [torch.tensor([1, 3, 5]) / 6 * (high[d] - low[d]) + low[d] for d in (0, 1)]  # the middles of three thirds
grid = torch.cartesian_prod(*levels)  # (9, 2)
placed, _ = kmeans.kmeans(points, plane.start_codes(points, 9), steps=20)  # section 2 shows how

by_grid, by_place = (metrics.measure(points, codes) for codes in (grid, placed))
print(f"each coordinate rounded: mean squared distance {by_grid.loss:.2f}, {by_grid.used} of 9 places used")
print(f"nine codes in the plane: mean squared distance {by_place.loss:.2f}, {by_place.used} of 9 used")

# %%
plots.codebooks(
    points.numpy(),
    {
        "each number rounded by itself": (grid.numpy(), by_grid.indices.numpy()),
        "both numbers at once": (placed.numpy(), by_place.indices.numpy()),
    },
    "Nine places on a grid, or nine where the points are",
)

# %% [markdown]
# **What we saw.** The grid pays for all combinations of its levels, also for those that hardly occur: codes 1 and 3 on the left serve ten of the 240 points. A table of *vectors* lists only what there is. This is **vector quantization**.
# The entries are called **codes**, the table is the **codebook**, and the *mean squared distance* from a point to its code (both coordinates summed) is what the table loses.

# %%
widgets.Quiz(
    "vector_quantization.nearest-entry", "vector_quantization.grid-places", "vector_quantization.sixteen-numbers"
)

# %% [markdown]
# ## 2. k-means: where should the codes stand?
#
# Two rules, repeated in turn (Lloyd 1957):
#
# 1. Each point chooses its nearest code.
# 2. Each code moves to the mean of the points that chose it.
#
# The loss is the mean squared distance. The first rule lowers it for codes that stand still. The second lowers it for choices that stand still, since the mean is the place with the least squared distance to a set of points. So no step can raise the loss.
#
# **Nearest, without a loop.** To compare $n$ points $z$ with $K$ codes $e_1, \dots, e_K$, write the square out:
#
# $$|z - e_k|^2 = |z|^2 - 2\, z \cdot e_k + |e_k|^2 .$$
#
# The first term is the same for every $k$, so the argmin does not need it. The second is one matrix product for all points and codes.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "I place six codes at random on six kinds. How many codes will have a kind of their own?"
# > - **Usually answered:** "All six, the loss goes down with every step."
# > - **Show:** The three panels, then the explorer. Let a student drag the two codes that share a kind apart, and press *k-means step* again.


# %%
def nearest_code(rows, codebook):
    distances = codebook.square().sum(1) - 2 * rows @ codebook.T  # (K,) - (n, D) @ (D, K) -> (n, K), less |z|^2
    return distances.argmin(1)  # (n,)


def kmeans_step(points, codes):
    indices = nearest_code(points, codes)
    means = [points[indices == k].mean(0) if (indices == k).any() else codes[k] for k in range(len(codes))]
    return torch.stack(means)  # (K, D)


# %%
widgets.Prediction("vector_quantization.k-means")

# %%
codes = plane.start_codes(points, 6)  # six random points
steps = [codes]
for _ in range(15):
    steps.append(kmeans_step(points, steps[-1]))
losses = [metrics.measure(points, codes).loss for codes in steps]
print("loss after 0, 1, 2, ... steps:", " ".join(f"{loss:.2f}" for loss in losses[:6]))
print("no step raised it:", all(b <= a + 1e-6 for a, b in pairwise(losses)))

# %%
plots.codebooks(
    points.numpy(),
    {f"steps: {n}": (steps[n].numpy(), nearest_code(points, steps[n]).numpy()) for n in (0, 1, 3)},
    "Choose, move to the mean, choose again: the cells follow the codes",
)

# %% [markdown]
# The shaded regions are the **Voronoi cells**: cell $k$ is all of the plane that is nearer to code $k$ than to any other. Two cells meet halfway between their codes, so every border is straight and stands at right angles to the line between the codes.
#
# After three steps hardly anything moves, and still two codes share one kind while another code has two. No step leads out of there. Other starts end elsewhere:

# %%
ends = [kmeans.kmeans(points, plane.start_codes(points, 6, seed=seed), steps=30)[0] for seed in range(20)]
found = sum(metrics.measure(points, codes).loss < 0.13 for codes in ends)
print(f"{found} of 20 starts find all six kinds")

# %% [markdown]
# **What we saw.** k-means goes downhill to the next valley, and which valley that is was decided by the start. Remember this for section 8.
#
# ### Put your hand on it
#
# Drag a code, or pick it with its digit and use the arrow keys. Watch the cells, the lines and the loss. Press *k-means step* until nothing moves, then try to find a better place by hand. Raise $K$. Try the ring, where there are no kinds at all.

# %%
widgets.QuantizationExplorer("kinds", codebook_size=6)

# %%
widgets.Quiz("vector_quantization.two-rules", "vector_quantization.three-points", "vector_quantization.stuck")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · Distances to all codes
#
# **★☆☆ · 5 minutes.** Compute the squared distance of each vector to each code, as one table. A loop is allowed; without one it is three terms.
#
# **Contract:** `my_squared_distances(z, codebook)`: vectors (n, D), codes (K, D) → (n, K), entry [i, k] is |z_i - e_k|^2.


# %% tags=["starter"]
def my_squared_distances(z, codebook):
    return ...  # (n, D), (K, D) -> (n, K)


# %%
checks.squared_distances(my_squared_distances)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_squared_distances(z, codebook):
#     return (z[:, None] - codebook).square().sum(2)  # (n, 1, D) - (K, D) -> (n, K, D) -> (n, K)
# ```
#
# </details>

# %% [markdown]
# ## 3. The table is $K \times D$, and a position is one vector
#
# The encoder of the VQ-VAE puts out $z_e$ of shape $(N, D, 7, 7)$: for each of 49 positions of an image a vector of $D$ numbers. The codebook has $K$ rows of $D$ numbers.
#
# Slides often say that "each dimension of $z_e$ is replaced by its nearest code". Read this with care. What is replaced is the vector at each *position*, all its $D$ numbers **as a whole**, by one code. An image becomes 49 indices, never $49\,D$.
#
# To use `nearest_code` we need one row a position. The $D$ numbers of a vector lie along dimension 1, so that dimension has to go last *before* the shape is changed.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "z_e is 16 x 7 x 7 for one image. How many indices does it become?"
# > - **Usually answered:** "784, one a number."
# > - **Show:** The wrong reshape below: no error, the right shape, the wrong vectors.

# %%
torch.manual_seed(0)
z_e = torch.randn(2, 3, 7, 7)  # N = 2 images, D = 3
codebook = torch.randn(8, 3)  # K = 8 codes
rows = z_e.movedim(1, -1).reshape(-1, 3)  # (2, 3, 7, 7) -> (2, 7, 7, 3) -> (98, 3)
indices = nearest_code(rows, codebook).view(2, 7, 7)
z_q = codebook[indices].movedim(-1, 1)  # (2, 7, 7, 3) -> (2, 3, 7, 7)
print("row 0 is the vector of image 0 at position (0, 0):", torch.equal(rows[0], z_e[0, :, 0, 0]))
print("indices", tuple(indices.shape), "-> z_q", tuple(z_q.shape))

# %%
wrong = z_e.reshape(-1, 3)  # runs, and has the same shape
print("the same shape:", wrong.shape == rows.shape, " the same rows:", torch.equal(wrong, rows))
print("its first row holds three neighbours of one channel:", torch.equal(wrong[0], z_e[0, 0, 0, :3]))

# %% [markdown]
# The wrong reshape trains, and quantizes neighbouring numbers of one channel together. No error tells you. `VectorQuantizer` of `vqedu` therefore insists on $D$ along dimension 1, and gives an error for any other number of channels.
#
# Is the expanded square right? Compare it with all differences written out, a table of $n \times K \times D$ numbers:

# %%
differences = rows[:, None] - codebook  # (98, 1, 3) - (8, 3) -> (98, 8, 3)
print("same choice as all differences:", torch.equal(differences.square().sum(2).argmin(1), indices.flatten()))
n, K, D = 128 * 49, 512, 32  # a usual batch
print(f"numbers to store: all differences {n * K * D / 1e6:.0f} million, expanded square {n * K / 1e6:.1f} million")

# %%
widgets.Quiz("vector_quantization.fitting-shape", "vector_quantization.rows-line", "vector_quantization.codes-back")

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Bug hunt: it runs, and it is wrong
#
# **★★☆ · 8 minutes.** A colleague's quantizer trains without an error, and its images never get sharp. Every shape is right. Find the bug and mend it.
#
# **Contract:** `my_quantize(z_e, codebook)`: (N, D, H, W), codes (K, D) → z_q (N, D, H, W): each vector along dimension 1 replaced by its nearest code. One bug is planted.


# %% tags=["starter"]
def my_quantize(z_e, codebook):
    rows = z_e.reshape(-1, z_e.shape[1])
    indices = torch.cdist(rows, codebook).argmin(1)
    return codebook[indices].view_as(z_e)


# %%
checks.quantize(my_quantize)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_quantize(z_e, codebook):
#     moved = z_e.movedim(1, -1)  # (N, H, W, D): the numbers of a vector side by side
#     indices = torch.cdist(moved.reshape(-1, moved.shape[-1]), codebook).argmin(1)
#     return codebook[indices].view_as(moved).movedim(-1, 1)
# ```
#
# </details>

# %% [markdown]
# ## 4. "Take the nearest" has no slope
#
# The decoder turns $z_q$ into an image, and its loss $L$ says in which direction $z_q$ should go. To train the encoder we need the slope of $L$ with respect to $z_e$. Between the two stands the argmin.
#
# As a toy for the decoder take $L = \tfrac12 |z_q - t|^2$: it would like $z_q$ to be at the target $t$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "I move a point by a hair. How far does its code move?"
# > - **Usually answered:** "A hair."
# > - **Show:** The staircase. Where is its slope other than zero, and how large is it there?

# %%
widgets.Prediction("vector_quantization.slope")

# %%
codebook = steps[-1].double()  # the six codes that k-means found
target = torch.tensor([1.2, -0.4], dtype=torch.float64)


def toy_loss(z_q):
    return 0.5 * (z_q - target).square().sum(-1)


def quantize(z_e):
    return codebook[nearest_code(z_e, codebook)]


# %%
z_e, h = points.double(), 1e-4
slopes = [
    (toy_loss(quantize(z_e + h * axis)) - toy_loss(quantize(z_e - h * axis))) / (2 * h)
    for axis in torch.eye(2).double()
]
zero = (torch.stack(slopes) == 0).sum().item()
print(f"{zero} of {2 * len(z_e)} measured slopes are exactly 0")

# %%
walk = torch.stack([torch.linspace(-3, 3, 601), torch.ones(601)], 1).double()  # from left to right at z_2 = 1
plots.lines(
    {"L": (walk[:, 0].tolist(), toy_loss(quantize(walk)).tolist())},
    "The loss as a function of z_e is a staircase: flat, with jumps at the borders of the cells",
    "$z_1$ of $z_e$, at $z_2 = 1$",
    "toy loss $L$",
    colors={"L": "decoder"},
)

# %% [markdown]
# **What we saw.** Inside a cell nothing changes, so the slope is 0. At a border the loss jumps, and there is no slope at all. This is the step function of [notebook 03](03_reparameterization.ipynb#4.-What-more-samples-buy) again: a path without a signal.
#
# Autograd agrees. The argmin returns whole numbers, which have no history:

# %%
leaf = points[:1].double().requires_grad_()
print("does z_q remember z_e?", quantize(leaf).requires_grad)

# %%
widgets.Quiz("vector_quantization.slope-zero", "vector_quantization.border", "vector_quantization.trained-table")

# %% [markdown]
# ## 5. Straight-through: copy the arrow
#
# The way out is a bold one (Bengio, Léonard and Courville 2013; van den Oord et al. 2017). Forwards use $z_q$. Backwards pretend that nothing was done, and **copy the gradient from $z_q$ to $z_e$**:
#
# $$\frac{\partial L}{\partial z_e} := \frac{\partial L}{\partial z_q} .$$
#
# In code: take $z_q$ as a number without history, and add a zero whose derivative with respect to $z_e$ is 1.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "All points of a cell get the same arrow. Is that a gradient of anything?"
# > - **Usually answered:** "Yes, autograd computed it."
# > - **Show:** The explorer with arrows. Drag the target t through a cell: the arrows turn together. Then drag a code: only its own cell reacts.


# %%
def straight_through(z_e, z_q):
    return z_q.detach() + (z_e - z_e.detach())


# %%
leaf = points.double().requires_grad_()
z_q = straight_through(leaf, quantize(leaf))
z_q.retain_grad()
toy_loss(z_q).sum().backward()
print("forwards, exactly the code: ", torch.equal(z_q, quantize(leaf)))
print("backwards, exactly a copy: ", torch.equal(leaf.grad, z_q.grad))

# %%
chosen = nearest_code(leaf, codebook)
plots.straight_through(
    points.numpy(),
    codebook.numpy(),
    chosen.numpy(),
    at_codes=(codebook - target).numpy(),
    at_points=leaf.grad.numpy(),
    title="Every point of a cell receives the arrow of its code",
)

# %% [markdown]
# The arrows point against the gradient, where a step goes. The true slope is 0, so the copy is *wrong* as a derivative. It is useful all the same: it says where the decoder would like the code to be, and a $z_e$ that goes that way comes sooner or later to a border, and behind it to another code.
#
# **Watch one point follow its arrow.** Nothing else moves: the codes stand still. Leave `cost` at 0 for now; section 6 explains it.


# %%
def follow(z_e, cost, steps=30):
    visited = []
    for _ in range(steps):
        leaf = z_e.clone().requires_grad_()
        k = nearest_code(leaf[None], codebook)[0]
        loss = toy_loss(straight_through(leaf, codebook[k])) + cost * (leaf - codebook[k]).square().sum()
        loss.backward()
        z_e = z_e - 0.1 * leaf.grad
        visited.append(k.item())
    return visited


# %%
start = torch.tensor([-2.0, -1.7], dtype=torch.float64)
print("loss of each code:", {k: round(loss, 2) for k, loss in enumerate(toy_loss(codebook).tolist())})
print("code at each step:", *follow(start, cost=0))

# %% [markdown]
# **What we saw.** For ten steps the loss does not change at all, though the point moves with every one. Then it crosses a border, and the loss falls by a whole stair, from 2.62 to 0.59.
# After that it finds no rest. No code lies exactly at the target, so the copied arrow never becomes zero and drives $z_e$ on, over the border into another cell and back. Something has to hold it.
#
# Below, drag the target $t$ and the codes. Thick arrows stand at the codes, thin copies at their points; the points of the selected code have the strong ones.

# %%
widgets.QuantizationExplorer("kinds", codebook_size=6, seed=3, arrows=True)

# %%
widgets.Quiz("vector_quantization.copied-arrow", "vector_quantization.no-rest", "vector_quantization.forgotten-detach")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · From memory: a gradient that skips the step
#
# **★★☆ · 6 minutes.** One line, without a look at the cell above: the decoder sees `z_q`, the encoder receives the decoder's gradient as if nothing had been quantized, and the codebook receives none of it.
#
# **Contract:** `my_straight_through(z_e, z_q)`: two tensors of one shape → the numbers of z_q, with the gradient of the identity to z_e and none to z_q.


# %% tags=["starter"]
def my_straight_through(z_e, z_q):
    return z_q.detach()  # the right numbers; what is missing?


# %%
checks.straight_through(my_straight_through)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_straight_through(z_e, z_q):
#     return z_q.detach() + (z_e - z_e.detach())
# ```
#
# Many programs write `z_e + (z_q - z_e).detach()`, and that passes too. Its gradient is the same; its value may differ from $z_q$ in the last digit, since the sum is rounded. The zero above is exact.
#
# </details>

# %% [markdown]
# ## 6. Three losses: who gets which gradient?
#
# Straight-through leads the decoder's gradient past the codebook, so the reconstruction alone never moves a code. Two more terms are needed (van den Oord et al. 2017, eq. 3). $\mathrm{sg}[\cdot]$ is the *stop-gradient*: forwards the value, backwards nothing; in torch `detach()`.
#
# $$L = \underbrace{-\log p(x \mid z_q)}_{\text{reconstruction}} + \underbrace{|\mathrm{sg}[z_e] - e|^2}_{\text{codebook loss}} + \beta \underbrace{|z_e - \mathrm{sg}[e]|^2}_{\text{commitment loss}}$$
#
# Here $e$ is the code that $z_e$ chose, *before* straight-through; $z_q$ is the same numbers after it. The codebook loss pulls codes to the vectors that chose them. The commitment loss pulls vectors to the code they chose. The paper calls its weight $\beta$; here it is `commitment_cost`, because $\beta$ already weighs the KL of the VAE.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Codebook loss and commitment loss always have the same value. Why not write one term, with a factor of 1.25?"
# > - **Usually answered:** "Then it would be the same."
# > - **Show:** The table of gradients. Then let the room fill in the row without `detach` before its cell is run.


# %%
def vq_losses(z_e, e):
    codebook_loss = (z_e.detach() - e).square().sum(1).mean()  # squared distance, summed over D, averaged
    commitment_loss = (z_e - e.detach()).square().sum(1).mean()
    return codebook_loss, commitment_loss


# %%
torch.manual_seed(0)
encoder, decoder = nn.Linear(2, 2), nn.Linear(2, 2)  # a VQ-VAE in miniature: x has two numbers, z_e too
parts = {"encoder": encoder.weight, "codebook": nn.Parameter(torch.randn(6, 2)), "decoder": decoder.weight}


def three_losses(x):
    z_e = encoder(x)
    e = parts["codebook"][nearest_code(z_e, parts["codebook"])]
    x_hat = decoder(straight_through(z_e, e))
    codebook_loss, commitment_loss = vq_losses(z_e, e)
    return {
        "reconstruction": (x_hat - x).square().sum(1).mean(),
        "codebook": codebook_loss,
        "commitment": commitment_loss,
    }


# %% [markdown]
# For each loss alone: clear all gradients, go backwards, and read from `.grad` what has arrived.


# %%
def arrivals(loss):
    for weight in parts.values():
        weight.grad = None
    loss.backward()
    return [f"{weight.grad.norm():8.2f}" if weight.grad is not None else "     -  " for weight in parts.values()]


# %%
widgets.Prediction("vector_quantization.three-losses")

# %%
print(f"{'loss':15s}   value  encoder codebook  decoder")
for name in ("reconstruction", "codebook", "commitment"):
    loss = three_losses(points)[name]
    print(f"{name:15s}{loss.item():8.2f} {' '.join(arrivals(loss))}")

# %% [markdown]
# **What we saw.** Each part hears what it should. The decoder only learns to reconstruct. The codes only follow the vectors. The encoder hears twice: from the decoder by the copied arrow, and from the commitment loss.
#
# The two VQ terms are **equal in value**, since `detach` changes no number, and **different in gradient**. Without the stop-gradients one term would do what both do, at one fixed rate:

# %%
z_e = encoder(points)
plain = (z_e - parts["codebook"][nearest_code(z_e, parts["codebook"])]).square().sum(1).mean()
print(f"{'no detach':15s}{plain.item():8.2f} {' '.join(arrivals(plain))}")

# %% [markdown]
# Two terms give two rates. The codes should follow the vectors quickly, the encoder should change because of the *image*, and only a little because of the codes. So the commitment loss gets a weight below 1 (the paper uses 0.25). And the codebook loss can be taken out and replaced by something better, which section 7 does.
#
# What does the commitment hold? The point of section 5, which found no rest:

# %%
for cost in (0, 0.25, 0.5, 1):
    print(f"cost {cost:4.2f}:", *follow(start, cost))

# %% [markdown]
# With cost 0 or 0.25 the point wanders from cell to cell. With 0.5 it crosses one border, and then the two pulls balance inside the new cell. With 1 it is held so tightly that it never reaches the border. Too little and nothing settles, too much and nothing changes; where the balance lies depends on the scale of the reconstruction loss.

# %%
widgets.Quiz("vector_quantization.two-pulls", "vector_quantization.commitment", "vector_quantization.unequal-values")

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · A loss as one finds it
#
# **★★☆ · 7 minutes.** These two terms stand in many programs. The gradients go to the right parts, but the sizes are not those of the paper: the terms should be summed over one example and averaged over the batch, as the reconstruction is. Otherwise the balance between the three losses changes with $D$ and with the number of positions.
#
# **Contract:** `my_vq_loss(z_e, z_q, cost)`: two tensors (N, ...), a number → one number: |sg(z_e) - z_q|^2 + cost |z_e - sg(z_q)|^2, summed over one example, averaged over the batch.


# %% tags=["starter"]
def my_vq_loss(z_e, z_q, cost):
    return F.mse_loss(z_e.detach(), z_q) + cost * F.mse_loss(z_e, z_q.detach())


# %%
checks.vq_loss(my_vq_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_vq_loss(z_e, z_q, cost):
#     codebook_loss = (z_e.detach() - z_q).square().sum() / len(z_e)
#     commitment_loss = (z_e - z_q.detach()).square().sum() / len(z_e)
#     return codebook_loss + cost * commitment_loss
# ```
#
# </details>

# %% [markdown]
# ## 7. Gradients, or moving averages?
#
# Look at what the codebook loss does to one code. If $n_k$ of the $n$ vectors of a batch chose code $k$, and $\bar z_k$ is their mean, its gradient is $\frac{2 n_k}{n}(e_k - \bar z_k)$. A step against it goes straight towards the mean, and k-means would go all the way. But a batch is a small sample, so going all the way would make the code jump with every batch.
#
# So go a part of the way, and remember what was seen before. For each code keep a running count $N_k$ and a running sum $M_k$ of the vectors that chose it (van den Oord et al. 2017, appendix A.1):
#
# $$N_k \leftarrow \gamma N_k + (1 - \gamma)\, n_k, \qquad M_k \leftarrow \gamma M_k + (1 - \gamma) \sum_{i \text{ chose } k} z_i, \qquad e_k \leftarrow M_k / N_k .$$
#
# These are exponential moving averages (EMA) with `decay` $\gamma$: they remember about $1 / (1 - \gamma)$ batches. No gradient and no learning rate is involved.
#
# One detail. $N_k$ may come close to 0, so the division uses a smoothed count: a bit of $\epsilon$ is added to each and the total stays the same (Laplace smoothing). The smoothed counts are used and thrown away. Written back into $N_k$, they would be smoothed again in every step.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "What does the EMA become for decay 0, with all data as one batch?"
# > - **Usually answered:** "Gradient descent."
# > - **Show:** The explorer: slide the decay to 0, press *EMA step*, compare with *k-means step*.


# %%
def ema_update(codebook, counts, sums, rows, indices, decay, epsilon=1e-5):
    K = len(codebook)
    n_k = torch.bincount(indices, minlength=K).to(rows)  # (K,)
    counts = decay * counts + (1 - decay) * n_k
    sums = decay * sums + (1 - decay) * torch.zeros_like(codebook).index_add(0, indices, rows)  # (K, D)
    total = counts.sum()
    smoothed = (counts + epsilon) / (total + K * epsilon) * total  # for this division only
    codes = torch.where(n_k[:, None] > 0, sums / smoothed[:, None], codebook)  # a code nobody chose stays
    return codes, counts, sums


# %% [markdown]
# **EMA is online k-means.** Give it all points at once. The more it forgets, the closer its step comes to one step of k-means; at $\gamma = 0$ it is that step.

# %%
codes = plane.start_codes(points, 6)
one_step = kmeans_step(points, codes)
for decay in (0.99, 0.9, 0.5, 0.1, 0.0):
    moved, *_ = ema_update(codes, torch.ones(6), codes, points, nearest_code(points, codes), decay)
    print(f"decay {decay:4.2f}: largest distance to the k-means step {(moved - one_step).norm(dim=1).max():.3f}")

# %% [markdown]
# **Smoothing that is written back.** The common mistake, with a large $\epsilon$ so that one can see it. The count of a code that nobody chooses any more should fade; this one is fed by the smoothing.

# %%
counts, fed = torch.tensor([100.0, 100.0, 0.01]), torch.tensor([100.0, 100.0, 0.01])
epsilon = 0.1
for _ in range(50):
    counts = 0.9 * counts + 0.1 * torch.tensor([100.0, 100.0, 0.0])
    fed = 0.9 * fed + 0.1 * torch.tensor([100.0, 100.0, 0.0])
    fed = (fed + epsilon) / (fed.sum() + 3 * epsilon) * fed.sum()  # wrong: the count itself is changed
print(f"running count of the unused code: {counts[2]:.5f}; with smoothing written back: {fed[2]:.2f}")

# %% [markdown]
# **Side by side.** Both kinds of codebook from the same eight codes, fed with the same batches of 64 points. `VectorQuantizer` of `vqedu` holds what you have just written, for any shape of $z_e$. The gradient codebook uses Adam.

# %%
many = plane.points("kinds", 10_000, seed=1)


def train(codes, update, revive_after=None, steps=300):
    torch.manual_seed(0)  # the same batches for all
    vq = VectorQuantizer(*codes.shape, update, start="uniform", revive_after=revive_after, decay=0.9)
    vq.set_codebook(codes)
    optimizer = torch.optim.Adam([vq.codebook], lr=0.02) if update == "gradient" else None
    losses = []
    for _ in range(steps):
        out = vq(many[torch.randint(len(many), (64,))])
        losses.append(out.codebook_loss.item())
        if optimizer:
            optimizer.zero_grad()
            out.codebook_loss.backward()
            optimizer.step()
    return metrics.measure(many, vq.codebook.detach()), losses


# %%
widgets.Prediction("vector_quantization.ema")

# %%
codes = plane.start_codes(many, 8)
by_ema, ema_losses = train(codes, "ema")
by_gradient, gradient_losses = train(codes, "gradient")
smooth = (
    torch.tensor([ema_losses, gradient_losses]).unfold(1, 10, 1).mean(2)
)  # (2, 300) -> means of 10 batches (2, 291)
ema_arrives, gradient_arrives = (smooth < 0.15).int().argmax(1) + 10  # the batch after which the mean is below 0.15
print("EMA below 0.15 within 30 batches:", bool(ema_arrives <= 30), " gradient:", bool(gradient_arrives <= 30))
print("after 300 batches both below 0.12:", by_ema.loss < 0.12 and by_gradient.loss < 0.12)

# %%
plots.lines(
    {"EMA, decay 0.9": (range(5, 296), smooth[0].tolist()), "gradient, Adam 0.02": (range(5, 296), smooth[1].tolist())},
    "From the same start both codebooks come to the same place, EMA much sooner",
    "batches of 64 points",
    "codebook loss (mean of 10 batches)",
    colors={"EMA, decay 0.9": "codebook", "gradient, Adam 0.02": "#555555"},
    ylim=(0, None),
)

# %% [markdown]
# **What we saw.** The moving averages arrive within about 20 batches, the gradient needs about 70. A larger learning rate would help here, up to where the codes begin to jitter. EMA needs no learning rate, and a code goes about the same part of its way in each step whether many vectors choose it or few. A plain gradient carries the factor $n_k / n$, so codes of rare kinds are slow; Adam takes most of that factor out again.

# %%
widgets.Quiz("vector_quantization.average-step", "vector_quantization.fading-count", "vector_quantization.rare-codes")

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · What is left of the loss?
#
# **★★☆ · 6 minutes.** Moving averages move the codes now. The program below still has the loss of section 6. Change it so that no code is moved twice.
#
# **Contract:** `my_ema_loss(z_e, z_q, cost)`: two tensors (N, ...), a number → the loss of a VQ-VAE whose codes are moved by averages (EMA), without the reconstruction: one number whose gradient moves z_e only; summed over one example, averaged over the batch.


# %% tags=["starter"]
def my_ema_loss(z_e, z_q, cost):
    codebook_loss = (z_e.detach() - z_q).square().sum() / len(z_e)
    commitment_loss = (z_e - z_q.detach()).square().sum() / len(z_e)
    return codebook_loss + cost * commitment_loss


# %%
checks.ema_loss(my_ema_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_ema_loss(z_e, z_q, cost):
#     return cost * (z_e - z_q.detach()).square().sum() / len(z_e)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 6 · Optional: one step of the moving averages
#
# **★★★ · 12 minutes.** Not needed later. Write the update of this section with a table of zeros and ones in place of `bincount` and `index_add`; a code that nobody chose gets no special treatment. The smoothing belongs to the division only: the running counts must not see it.
#
# **Contract:** `my_ema(counts, sums, z, indices, decay, epsilon)`: running counts (K,) and sums (K, D), vectors (n, D), their codes (n,), two numbers → (counts, sums, codebook), all new: $N \leftarrow \gamma N + (1 - \gamma)\, n$, $M \leftarrow \gamma M + (1 - \gamma)$ (sum of the z of each code), $e = M / \tilde N$, with the smoothed count $\tilde N = \frac{N + \epsilon}{\sum N + K \epsilon} \sum N$.


# %% tags=["starter"]
def my_ema(counts, sums, z, indices, decay, epsilon):
    chosen = F.one_hot(indices, len(counts)).float()  # (n, K), a 1 where vector i chose code k
    n, m = chosen.sum(0), chosen.T @ z  # of this batch: (K,), (K, D)
    return n, m, ...  # counts, sums, codebook: averages with the old ones


# %%
checks.ema(my_ema)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_ema(counts, sums, z, indices, decay, epsilon):
#     chosen = F.one_hot(indices, len(counts)).float()  # (n, K), a 1 where vector i chose code k
#     counts = decay * counts + (1 - decay) * chosen.sum(0)
#     sums = decay * sums + (1 - decay) * chosen.T @ z
#     smoothed = (counts + epsilon) / (counts.sum() + len(counts) * epsilon) * counts.sum()
#     return counts, sums, sums / smoothed[:, None]
# ```
#
# </details>

# %% [markdown]
# ## 8. Dead codes
#
# A code that no vector chooses gets no gradient, and its sums see no new vectors. So it stays where it is, nobody chooses it in the next batch either, and so on for ever. Such a code is **dead**.
#
# To make dead codes, start the codebook far from the data: $e_k \sim N(0, 10^2)$, while nearly all points lie within 3 of the origin.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Training goes on for 300 steps. How many of the 16 codes will find their way to the points?"
# > - **Usually answered:** "Most of them, gradients pull them in."
# > - **Show:** The explorer of this section: *Run*, wait, then *revive*, *Run* again.

# %%
widgets.Prediction("vector_quantization.dead")

# %%
wide = plane.start_codes(many, 16, "wide")
vq = VectorQuantizer(16, 2, "gradient", start="uniform", revive_after=None)
vq.set_codebook(wide)
out = vq(many)
out.codebook_loss.backward()
unused = torch.bincount(out.indices, minlength=16) == 0
print(f"{unused.sum().item()} of 16 codes are chosen by none of 10,000 points")
print("their gradient is exactly 0:", bool((vq.codebook.grad[unused] == 0).all()))

# %% [markdown]
# Two cures. **Start from data:** the first codes are vectors of the first batch, so each lies where vectors are. **Revive:** a code that nothing has chosen for 20 batches is moved onto a random vector of the present batch. All combinations, 300 batches each:

# %%
print("start        revival   update     codes in use    loss below 0.08")
for place in ("wide", "data"):
    for revive_after in (None, 20):
        for update in ("gradient", "ema"):
            end, _ = train(plane.start_codes(many, 16, place), update, revive_after)
            usage = "all 16" if end.used == 16 else "4 or fewer" if end.used <= 4 else "some"
            print(f"{place:12s} {'yes' if revive_after else 'no':9s} {update:10s} {usage:15s} {end.loss < 0.08}")

# %% [markdown]
# **What we saw.** From far away only a few codes are ever used, whatever moves them. More training does not help, since nothing pulls at the others. Either cure brings all of them in.
# Here the points stand still. In a VQ-VAE the encoder moves its $z_e$ while it learns, and may leave codes behind that were well placed at the start. There revival matters most, as notebook 07 measures.
#
# In the explorer below the codes begin at $N(0, 10^2)$; those off the board are shown at its edge. Press *Run*, then *revive*, then *Run*. Then *kill* a code and see that no kind of step brings it back.

# %%
widgets.QuantizationExplorer("kinds", codebook_size=12, start="wide")

# %%
widgets.Quiz("vector_quantization.stays-dead", "vector_quantization.far-start", "vector_quantization.left-behind")

# %% [markdown] tags=["exercise"]
# ### Exercise 7 · Break it: a codebook that dies
#
# **★★☆ · 8 minutes.** Choose a start of the codebook from which k-means can use at most three of its codes, though all of them differ.
#
# **Contract:** `my_dead_codes(z, K)`: vectors (n, D), a number → a starting codebook (K, D) of different codes, of which k-means can use at most three.


# %% tags=["starter"]
def my_dead_codes(z, K):
    return z[:K]  # the usual start: K of the vectors


# %%
checks.dead_codes(my_dead_codes)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_dead_codes(z, K):
#     return 100 + torch.arange(K)[:, None] * torch.ones(1, z.shape[1])  # far away, each a little farther
# ```
#
# </details>

# %% [markdown]
# ## 9. Where has the KL gone?
#
# The ELBO of [notebook 02](02_elbo.ipynb) has a second term, $\mathrm{KL}(q(z \mid x) \,\|\, p(z))$. The loss of section 6 has none. Was it forgotten?
#
# Now $z$ is one of $K$ codes. The encoder chooses one and is certain: $q(z = k \mid x)$ is 1 for the nearest code and 0 for all others, "one-hot". While the VQ-VAE is trained, the prior is uniform: $p(z = k) = 1/K$.

# %%
widgets.Prediction("vector_quantization.kl")

# %%
K = 6
prior = Categorical(torch.full((K,), 1 / K))
q = Categorical(F.one_hot(nearest_code(points, steps[-1]), K).float())  # 240 posteriors, one a point
kl = kl_divergence(q, prior)  # (240,)
print(f"KL of each point: from {kl.min():.2f} to {kl.max():.2f} nats; log K = {math.log(K):.2f}")
print(f"an image with 49 positions and K = 128: 49 log 128 = {49 * math.log(128):.0f} nats, always")

# %% [markdown]
# $$\mathrm{KL} = \sum_k q(k) \log \frac{q(k)}{1/K} = 1 \cdot \log \frac{1}{1/K} = \log K .$$
#
# **What we saw.** The KL is the constant $\log K$ at each position: the price of naming one of $K$ codes. A constant has no gradient, so it may be left out, and nothing pushes the encoder towards the prior. The posterior collapse of notebook 04 cannot come from there. (A *codebook* can still collapse, as section 8 showed.)
#
# That is the price under a *uniform* prior. Real code maps are far from uniform: notebook 08 learns a prior for them, and the price of an image falls.

# %%
widgets.Quiz("vector_quantization.no-collapse", "vector_quantization.unsure", "vector_quantization.paper-code")

# %% [markdown]
# ## Summary
#
# - A codebook is a table of $K$ codes with $D$ numbers each. A vector of $z_e$, as a whole, becomes the index of its nearest code.
# - k-means finds good codes by two rules in turn. Its loss never rises, but where it ends depends on the start.
# - The nearest code has slope 0 nearly everywhere. Straight-through copies the gradient of $z_q$ to $z_e$: wrong as a derivative, useful as a direction.
# - Reconstruction moves decoder and encoder, the codebook loss only the codes, the commitment loss only the encoder. The last two are equal in value.
# - Moving averages do the codebook's part without a gradient; they are k-means on batches.
# - A code that nobody chooses stays dead until it is started from data or revived.
# - With one-hot posteriors and a uniform prior the KL is $\log K$ a position, a constant.
#
# ## Three questions to answer from memory

# %%
widgets.Quiz("vector_quantization.position", "vector_quantization.two-terms", "vector_quantization.where-kl")

# %% [markdown]
# **Next:** [07 The VQ-VAE](07_vqvae.ipynb): the same table between a convolutional encoder and decoder, trained on images.
