# %% [markdown]
# # 09 · Image tokens: words and pictures in one sequence

# %%
import itertools
import math
import random
import torch
from torch.nn import functional as F
from vqedu import checks, data, metrics, models, plots, pretrained, training, widgets
from vqedu.data import styles
from vqedu.models.words_and_images import DIGITS, STYLES, caption, requests, training_examples
from vqedu.pretrained import sweeps
from vqedu.quantizers import FSQ
from vqedu.quantizers.kmeans import draw, kmeans

RETRAIN = False  # True: train the words-and-images model here (about half an hour on one core)
torch.set_grad_enabled(False)  # where something is trained, the cell says so
images = data.load("mnist")
x_test, y_test = images.test
vqvae = pretrained.load("vqvae-mnist")
model = pretrained.retrain("words-and-images", images.train)[0] if RETRAIN else pretrained.load("words-and-images")

# %%
opening = ("a three", "a thick three", "a leaning seven", "two plus four", "nine plus zero")
drawn = model.draw(opening, 8, 0.6, torch.Generator().manual_seed(1))  # (40, 7, 7)
plots.image_grid(
    {f"“{text}”": torch.sigmoid(vqvae.decode(drawn[8 * i : 8 * i + 8])).numpy() for i, text in enumerate(opening)},
    "One transformer turns requests in words into pictures",
)

# %% [markdown]
# You type "two plus four", and a network draws a six. It is the transformer of notebook 08 with a slightly larger vocabulary, and by the end of this notebook you will know every part of it. Along the way we ask what the codes of an image should be in the first place, because newer papers have proposed quantizers other than the learned codebook of notebook 07.
#
# **After this notebook you can**
#
# - implement two quantizers that came after VQ, each in a few lines: FSQ and residual VQ,
# - compare quantizers fairly: at equal length and at equal entropy, over several seeds, and against a network without a quantizer,
# - explain how the rotation trick changes the gradient, and what effect it had in our measurements,
# - explain how one model both draws and reads, with one vocabulary, one sequence, two orders, and one loss,
# - plan an experiment that distinguishes a model that adds from one that memorizes,
# - say what is public about four large systems and what is not.
#
# **Time:** 85 minutes, and 55 for the exercises. **Builds on:** [07 The VQ-VAE](07_vqvae.ipynb) and [08 A prior over codes](08_prior_over_codes.ipynb). **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# Four words are easy to confuse: FSQ has **levels** (the values that one number can take), a code map has **positions**, a residual VQ has **stages** (one codebook after another), and a sequence has **slots**.
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("code_prior.mask", "code_prior.coder", "code_prior.no-argmax")

# %% [markdown]
# ## 1. A codebook that nobody has to learn: FSQ
#
# The codebook of notebook 07 has to be learned, and a lot can go wrong on the way: codes die, or the encoder's outputs drift away from them. We used four remedies: reviving dead codes, updating the codes by moving averages, starting them from data, and normalizing $z_e$.
#
# *Finite scalar quantization* (FSQ, Mentzer and others 2023) asks: why learn the codebook at all? Let the encoder output only a few numbers per position, say three or four. Squeeze each of them into a range with a tanh, and **round it**. If there are four numbers with 8, 5, 5, and 5 levels, there are $8 \cdot 5 \cdot 5 \cdot 5 = 1000$ codes, none of which has to be stored.
#
# $$\text{bounded}_d = b_d \tanh(z_d + s_d) - o_d, \qquad b_d = \tfrac{1}{2}(L_d - 1) \cdot 1.001, \qquad z_{q,d} = \frac{\text{round}(\text{bounded}_d)}{\lfloor L_d / 2 \rfloor} .$$
#
# Here the $d$-th number has $L_d$ levels. If $L_d$ is odd, $o_d = s_d = 0$. If it is even, the levels cannot both include 0 and be symmetric around it, so $o_d = \frac12$ shifts them by half a step, and $s_d$ is chosen so that $z_d = 0$ still rounds to 0. (The factor 1.001 comes from a widely used implementation; the paper uses 0.999. The difference hardly moves the boundaries between the levels.)

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "Which part of the codebook machinery of notebook 07 could be left out?"
# > - **Usually answered:** "The commitment loss." That the whole table can go comes as a surprise.
# > - **Show:** The staircase, then the two planes: the left codebook was learned, the right one was not. Have the room commit to the prediction before the four runs.


# %%
def fsq(z, levels):
    L = torch.tensor(levels)  # (D,): how many levels each number has
    b = (L - 1) * 1.001 / 2
    o = torch.where(L % 2 == 0, 0.5, 0.0)
    bounded = torch.tanh(z + torch.atanh(o / b)) * b - o  # (N, D)
    whole = bounded + (bounded.round() - bounded).detach()  # straight through the rounding
    return whole / (L // 2)


# %%
z = torch.linspace(-3, 3, 601).view(-1, 1)  # (601, 1)
plots.lines(
    {f"{size} levels": (z.flatten().tolist(), fsq(z, [size]).flatten().tolist()) for size in (5, 8)},
    "FSQ is a staircase: tanh sets the range, rounding makes the steps",
    "$z$, an output of the encoder",
    "$z_q$",
    colors={"5 levels": "encoder", "8 levels": "codebook"},
)

# %% [markdown]
# With two numbers, the codes of FSQ form a grid in the plane. The figure shows the same points twice: on the left with the cells of 20 learned codes, and on the right, after the tanh, with the 20 codes of an FSQ with $5 \times 4$ levels.

# %%
generator = torch.Generator().manual_seed(1)
centers = torch.tensor([[-1.3, -1.0], [0.2, 1.4], [1.5, -0.6], [0.0, -0.2]])
points = centers.repeat(400, 1) + 0.38 * torch.randn(1600, 2, generator=generator)  # (1600, 2), four clouds
torch.manual_seed(0)
learned, _ = kmeans(points, points[draw(len(points), 20)])
grid = FSQ([5, 4])
plots.two_tables(
    points.numpy(),
    learned.numpy(),
    grid.bound(points).numpy(),
    grid.codes().numpy(),
    "Learned codes move to the points; FSQ's codes stay fixed, and the encoder has to adapt",
)

# %%
used = torch.bincount(grid(points).indices, minlength=20)
print(
    f"{(used > 0).sum()} of 20 codes of the grid are used; the busiest three take {used.topk(3).values.sum() / 16:.0f}% of the points"
)

# %% [markdown]
# These points do not fit the grid well: three of its codes take 38% of them. That need not be a problem. The grid is fixed, but in a real network the *encoder* is trained, and the decoder's gradient, which passes through the rounding, can move the points to where the codes are. FSQ needs no codebook loss, no commitment loss, and no revival. Does it therefore use more of its codes right from the start? We train four networks with 512 codes for 60 steps each: a VQ without any of the four remedies, an FSQ without normalization (the only one of the four that applies to it), and then both with their remedies.

# %%
widgets.Prediction("image_tokens.usage")


# %%
def train_briefly(model, steps=60):
    with torch.enable_grad():
        training.fit(model, images.train.x[: steps * 128], epochs=1, learning_rate=4e-3, background=True)
    return metrics.code_usage(model.encode(x_test[:2000]), model.codebook_size).item()


# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
bare = {"update": "gradient", "start": "uniform", "revive_after": None, "normalize": False}
started = {"VQ without remedies": models.VQVAE(512, 16, **bare)}
started["FSQ, not normalized"] = models.VQVAE(quantizer=FSQ([8, 8, 8]), normalize=False)
started["FSQ, normalized"] = models.VQVAE(quantizer=FSQ([8, 8, 8]))
started["VQ with all four"] = models.VQVAE(512, 16)
for name, network in started.items():
    print(f"{name:20s} uses {train_briefly(network):4.0%} of 512 codes after 60 steps (one seed)")

# %% [markdown]
# **What we saw.** The bare VQ uses about an eighth of its codes. No vector chooses the others, so they get no gradient and stay where they are. FSQ uses about half of its codes without any remedy, and nearly all of them once $z_e$ is normalized. With its four remedies the VQ does just as well. So FSQ needs fewer remedies than a VQ, although in these first 60 steps it does benefit from one of them.

# %%
widgets.Quiz("image_tokens.even-levels")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · Rounding with a gradient
#
# **★★☆ · 8 minutes.** Implement FSQ for an odd number of levels: bound each number, round it, and let the gradient skip the rounding and nothing else.
#
# **Contract:** `my_fsq(z, levels)`: (N, D), an odd number of levels → (N, D): tanh(z) scaled to -(levels - 1)/2 .. (levels - 1)/2 and rounded to whole numbers, with the gradient of the rounding replaced by that of the identity.


# %% tags=["starter"]
def my_fsq(z, levels):
    bounded = torch.tanh(z) * (levels - 1) / 2
    return ...


# %%
checks.fsq(my_fsq)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_fsq(z, levels):
#     bounded = torch.tanh(z) * (levels - 1) / 2
#     return bounded.round().detach() + (bounded - bounded.detach())
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Break it: starve the codes
#
# **★★☆ · 6 minutes.** You may read that "FSQ has no dead codes by construction". Change the encoder's outputs so that at most 8 of the 125 codes are used, while keeping the order of the values along each dimension.
#
# **Contract:** `my_starve_fsq(z)`: vectors (n, 3) → vectors (n, 3) in the same order along each dimension, for which an FSQ with 5 x 5 x 5 levels uses at most 8 of its 125 codes.


# %% tags=["starter"]
def my_starve_fsq(z):
    return z


# %%
checks.starve_fsq(my_starve_fsq)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_starve_fsq(z):
#     return 0.01 * z  # everything rounds to the middle level
# ```
#
# </details>

# %% [markdown]
# ## 2. Coarse to fine: residual VQ
#
# Instead of giving up learned codebooks, we can use several small ones in turn. The first codebook quantizes $z_e$. The difference that remains, the *residual*, is quantized by the second, and so on through $M$ **stages** (Zeghidour and others 2021 for sound, Lee and others 2022 for images):
#
# $$r_0 = z_e, \qquad e_m = \text{the code of stage } m \text{ nearest to } r_{m-1}, \qquad r_m = r_{m-1} - e_m, \qquad z_q = e_1 + e_2 + \dots + e_M .$$
#
# With only 96 stored vectors, six stages of 16 codes can describe $16^6 = 16.8$ million different sums.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 11 minutes.**
# >
# > - **Ask:** "With six codebooks of 16 codes each, how many different vectors can we describe?"
# > - **Usually answered:** "96", the number of stored ones. It is 16 to the power of 6.
# > - **Show:** The explorer, stages from 1 to 6. Ask the room after which stage they would stop sending bits.


# %%
def residual_vq(z_e, codebooks):
    residual, z_q, indices = z_e, torch.zeros_like(z_e), []
    for codebook in codebooks:
        nearest = torch.cdist(residual, codebook).argmin(1)  # (n, D), (K, D) -> (n,)
        indices.append(nearest)
        z_q, residual = z_q + codebook[nearest], residual - codebook[nearest]
    return z_q, torch.stack(indices, 1)  # (n, D), (n, M)


# %%
rvq = pretrained.load("residual-mnist")
codebooks = [stage.codes() for stage in rvq.quantizer.stages]  # 6 of (16, 16)
z_e = rvq.encoder(x_test[:1000])  # (1000, 16, 7, 7)
rows = z_e.movedim(1, -1).reshape(-1, 16)  # (49000, 16)
z_q, indices = residual_vq(rows, codebooks)

# %%
widgets.Prediction("image_tokens.stages")

# %%
for stage in range(1, 7):
    left = (rows - sum(codebooks[i][indices[:, i]] for i in range(stage))).square().sum(1).mean()
    x_hat = torch.sigmoid(rvq.decode(indices.view(1000, 7, 7, 6)[..., :stage]))
    error = (x_hat - x_test[:1000]).square().mean()
    share = (left / rows.square().sum(1).mean()).sqrt()
    print(
        f"{stage} {'stage' if stage == 1 else 'stages'}, {196 * stage:4d} bits: residual {share:3.0%} of z_e's length, error {error:.4f} per pixel"
    )

# %% [markdown]
# The first stage alone gives a rough version of the digit. The later ones correct it, and the error falls from 0.0074 to 0.0016 per pixel. So one model serves many rates: if you have only a few bits to spend, you send only the first stages. For that to work, the decoder must have seen short sums in training, which is why a random number of stages was used for each training image. Switch the stages on one by one:

# %%
widgets.ResidualExplorer(rvq, images.test)

# %%
widgets.Quiz("image_tokens.no-short-sums")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Bug hunt: more stages, worse images
#
# **★★☆ · 8 minutes.** A colleague's residual VQ gets worse with every stage that you switch on. Find the bug in `planted`, and write the function as it should be.
#
# **Contract:** `my_residual(z, codebooks)`: vectors (n, D), codes (stages, K, D) → z_q (n, D): each stage quantizes the residual of the stages before it, and z_q is the sum of the chosen codes.


# %% tags=["starter"]
def planted(z, codebooks):
    total = torch.zeros_like(z)
    for codebook in codebooks:  # (K, D)
        distances = torch.cdist(z, codebook)
        total = total + codebook[distances.argmin(1)]
    return total


def my_residual(z, codebooks):
    return ...  # the same without the bug


# %%
checks.residual(my_residual)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_residual(z, codebooks):
#     total = torch.zeros_like(z)
#     for codebook in codebooks:  # (K, D)
#         distances = torch.cdist(z - total, codebook)  # the residual
#         total = total + codebook[distances.argmin(1)]
#     return total
# ```
#
# Every stage of `planted` quantizes z itself, so the sum overshoots.
#
# </details>

# %% [markdown]
# ## 3. Which quantizer is best? It depends on how you count bits
#
# A fair comparison keeps everything else equal: encoder, decoder, batches, number of steps. Here every network has the encoder and the decoder of notebook 07 and is trained on MNIST for two epochs, with three seeds per setting. The VQ has all four remedies. The script is `tests/benchmarks/quantizers_compared.py`, and its results ship with the course.
#
# What should "equal bits" mean? If every index gets the same number of bits, 512 codes take 9 bits at each of 49 positions, 441 per image. Notebooks 07 and 08 also counted in a second way: frequent codes can be given shorter bit strings, so what a code costs on average is the **entropy** of the codes. (For residual VQ, this is the entropy of the indices of all stages at a position, taken together.) We look at both counts. And since part of the error comes from the encoder and the decoder, we also train the network without a quantizer.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "What must be equal in a fair comparison of two quantizers?"
# > - **Usually answered:** "The number of codes." Then ask whether the codes are used equally often, and what difference that makes.
# > - **Show:** The left panel first. Let the room declare a winner, then show the right panel.

# %%
compared = sweeps.quantizers()  # name -> one dict per seed
starts = {"VQ": "VQ, ", "FSQ": "FSQ, ", "residual VQ, two stages": "residual VQ, 2"}
starts |= {"residual VQ, more stages": ("residual VQ, 3", "residual VQ, 4")}
families = {
    family: {name: runs for name, runs in compared.items() if name.startswith(begin)}
    for family, begin in starts.items()
}
without = [run["squared_error"] for run in compared["no quantizer, D = 16"]]


def mean(runs, name):
    return sum(run[name] for run in runs) / len(runs)


print("                             bits  entropy  usage   squared error per pixel, mean and range of three seeds")
for name, runs in (item for found in families.values() for item in found.items()):
    errors = [run["squared_error"] for run in runs]
    numbers = f"{mean(runs, 'rate'):4.0f}  {mean(runs, 'entropy'):7.0f}  {mean(runs, 'usage'):5.0%}"
    print(f"{name:28s} {numbers}   {mean(runs, 'squared_error'):.4f}  ({min(errors):.4f} to {max(errors):.4f})")
print(
    f"no quantizer, 16 numbers per position{'':14s}{sum(without) / 3:.4f}  ({min(without):.4f} to {max(without):.4f})"
)

# %%
plots.equal_bits(
    families,
    sum(without) / len(without),
    "At equal length, VQ has the lowest error; at equal entropy, two-stage residual VQ is slightly ahead",
    {"VQ": "codebook", "FSQ": "encoder", "residual VQ, two stages": "decoder", "residual VQ, more stages": "prior"},
)


# %% [markdown]
# To put numbers on the right panel, we compare the errors of the families at the same entropy. For each seed, we interpolate linearly between the settings of a family:


# %%
def error_at(family, bits, seed):
    found = sorted((runs[seed]["entropy"], runs[seed]["squared_error"]) for runs in families[family].values())
    for (b0, e0), (b1, e1) in itertools.pairwise(found):
        if b0 <= bits <= b1:
            return e0 + (e1 - e0) * (bits - b0) / (b1 - b0)
    return math.nan


for bits in (275, 300, 350):
    print(f"at an entropy of {bits} bits per image, squared error:")
    for family in ("VQ", "FSQ", "residual VQ, two stages"):
        found = [error_at(family, bits, seed) for seed in range(3)]
        print(f"   {family:24s} {sum(found) / 3:.4f}  ({min(found):.4f} to {max(found):.4f})")

# %% [markdown]
# **What we saw.** If every index is counted at its full length (left), VQ has the lowest mean error at every length at which it was measured, from 294 to 490 bits per image. At 441 bits per image it reaches 0.0035, against 0.0039 for FSQ and 0.0045 for three stages of eight codes. But these models differ in how evenly they use their codes: the entropies of their indices are 409, 360, and 321 bits.
#
# If the entropy is counted instead (right), the order changes. Residual VQ with two stages now has the lowest mean error at all three entropies in the list. At 350 bits it reaches 0.0037, against 0.0040 for VQ, and the ranges over the three seeds do not overlap. At 275 and 300 bits they do overlap, so three seeds cannot decide. Three or four stages of eight codes do worse on average. So the answer depends on how you count, and most of the differences are not much larger than the spread over the seeds. The lowest mean error of any quantizer in the table is 0.0030; without a quantizer, the same network reaches 0.0014.

# %%
widgets.Quiz("image_tokens.unfair")

# %% [markdown]
# ## 4. A gradient that turns: the rotation trick
#
# Every quantizer so far passes the gradient *straight through*: the gradient at $z_q$ is copied to $z_e$, wherever in its cell $z_e$ lies. For one and the same gradient at $z_q$, all vectors in a cell get the same push. The *rotation trick* (Fifty and others 2024) replaces the copy with a rotation and a scaling. Let $R$ be the rotation that turns the direction of $z_e$ into that of $z_q$. The trick writes
#
# $$z_q = \frac{|z_q|}{|z_e|}\, R\, z_e$$
#
# and treats the factor and $R$ as constants. Nothing changes in the forward pass. In the backward pass the gradient is multiplied by the factor and turned back by $R^\top$, so it has the same *angle* to $z_e$ as it had to $z_q$.
#
# How do we get $R$? Take the unit vectors $u$ and $v$ along $z_e$ and $z_q$, and $w = (u + v) / |u + v|$ halfway between them. The reflection $I - 2 w w^\top$ turns $u$ into $-v$, and the reflection $I - 2 v v^\top$ turns $-v$ into $v$. Two reflections make a rotation, and their product is $R = I - 2 w w^\top + 2 v u^\top$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 7 minutes.**
# >
# > - **Ask:** "Two vectors lie at opposite ends of one cell. In which direction does straight-through push each of them?"
# > - **Usually answered:** "Toward its code." Straight-through does not do that; it gives both the same push.
# > - **Show:** The two panels, then the measurement.


# %%
def dot(a, b):
    return (a * b).sum(1, keepdim=True)  # (n, D), (n, D) -> (n, 1)


def rotation_trick(z_e, z_q):
    scale = (z_q.norm(dim=1, keepdim=True) / z_e.norm(dim=1, keepdim=True)).detach()
    u, v = F.normalize(z_e, dim=1).detach(), F.normalize(z_q, dim=1).detach()
    w = F.normalize(u + v, dim=1)  # halfway between the two directions
    return scale * (z_e - 2 * w * dot(w, z_e) + 2 * v * dot(u, z_e))  # R z_e, scaled


# %%
angles, lengths = torch.tensor([0.15, 0.45, 1.05, 1.35]), torch.tensor([1.0, 1.7, 1.8, 1.1])
z_e = lengths.view(-1, 1) * torch.stack([angles.cos(), angles.sin()], 1)  # four vectors of one cell
code = torch.tensor([1.1, 1.0])
at_code = torch.tensor([0.28, 0.26])  # the loss falls toward the origin, against the direction of the code
with torch.enable_grad():
    leaf = z_e.clone().requires_grad_()
    turned = torch.autograd.grad(rotation_trick(leaf, code.expand(4, 2)), leaf, at_code.expand(4, 2))[0]
plots.two_gradients(
    z_e.numpy(),
    code.numpy(),
    at_code.numpy(),
    {
        "straight-through: the same push for all": at_code.expand(4, 2).numpy(),
        "rotation trick: each along its own direction": turned.numpy(),
    },
    "If shorter codes lower the loss, straight-through shifts the vectors; the rotation trick shortens each of them",
)

# %% [markdown]
# In the left panel all four vectors are pushed the same way, so the lowest one moves sideways as well as inward. In the right panel each vector is shortened along its own direction. That looks sensible, but does it help? The authors report better reconstructions and more codes in use for large image models. We measured the effect in our small network, with $K = 512$ and three seeds:

# %%
pairs = {
    "with all remedies": ("VQ, K = 512", "rotation trick, K = 512"),
    "without remedies": ("VQ without remedies, K = 512", "rotation trick without remedies, K = 512"),
}
for name, (straight, rotated) in pairs.items():
    for trick, runs in (("straight-through", compared[straight]), ("rotation trick", compared[rotated])):
        errors = " ".join(f"{run['squared_error']:.4f}" for run in runs)
        print(f"{name:18s} {trick:17s} errors {errors}, mean usage {mean(runs, 'usage'):.0%}")

# %% [markdown]
# It depends on whether the other remedies are in use. Without the remedies, straight-through leaves four fifths of the codes unused, and the rotation trick brings all of them into use and cuts the error from 0.0103 to 0.0057. With all four remedies, all codes are in use anyway, and the mean error is 0.0035 with either gradient. So in our network the rotation trick is one more remedy for a bad start, though it does less than the other four together. Larger models and longer training may behave differently.

# %%
widgets.Quiz("image_tokens.same-push")

# %% [markdown]
# ## 5. Sharper pictures: VQ-VAE-2 and VQGAN
#
# Two papers turned the VQ-VAE into a serious image generator. Both keep the codebook and change what is around it.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Why is a squared error a bad judge of grass?"
# > - **Usually answered:** "It makes things blurry." Why? Because drawing a blade one pixel off costs twice as much as leaving it out.
# > - **Show:** The two diagrams. This section is for orientation.

# %%
vqvae2 = (
    {
        "$x$": ("data", 0, 2), "encoder": ("encoder", 15, 2), "encoder, coarser": ("encoder", 24, 8.5),
        "top codes 32x32": ("codebook", 49, 8.5), "bottom codes 64x64": ("codebook", 49, 2),
        "decoder": ("decoder", 78, 5.2), r"$\hat{x}$": ("data", 96, 5.2),
    },
    [("$x$", "encoder"), ("encoder", "encoder, coarser"), ("encoder, coarser", "top codes 32x32"),
     ("encoder", "bottom codes 64x64"), ("top codes 32x32", "bottom codes 64x64"), ("top codes 32x32", "decoder"),
     ("bottom codes 64x64", "decoder"), ("decoder", r"$\hat{x}$")],
)  # fmt: skip
vqgan = (
    {
        "$x$": ("data", 0, 2), "encoder": ("encoder", 15, 2), "codes 16x16": ("codebook", 34, 2),
        "decoder": ("decoder", 53, 2), r"$\hat{x}$": ("data", 66, 2), "transformer: p(codes)": ("prior", 34, 8.5),
        "perceptual loss: like x?": ("warning", 88, 5.6), "discriminator: real or fake?": ("warning", 88, -0.4),
    },
    [("$x$", "encoder"), ("encoder", "codes 16x16"), ("codes 16x16", "decoder"), ("decoder", r"$\hat{x}$"),
     ("transformer: p(codes)", "codes 16x16"), (r"$\hat{x}$", "perceptual loss: like x?"),
     (r"$\hat{x}$", "discriminator: real or fake?")],
)  # fmt: skip
plots.networks(
    {"VQ-VAE-2 (Razavi and others 2019)": vqvae2, "VQGAN (Esser and others 2021)": vqgan},
    "VQ-VAE-2 adds a second map of codes; VQGAN adds two losses, and a transformer for the codes",
)

# %% [markdown]
# **VQ-VAE-2** has two code maps. For images of $256 \times 256$ pixels the top map has $32 \times 32$ codes and describes the overall layout. The bottom map has $64 \times 64$ codes and is computed from the encoder's finer features *and* the top codes, so it only has to add detail. The decoder gets both. Two priors generate the maps, the top one first.
#
# **VQGAN** changes what counts as an error. By squared error, sharp grass with slightly displaced blades scores worse than gray mush. VQGAN instead compares the features that a trained network computes from $x$ and from $\hat x$ (a *perceptual loss*), and it adds a *discriminator*, a network that learns to tell real patches from generated ones. The decoder is then free to invent texture, so $16 \times 16$ codes are enough for $256 \times 256$ pixels, and a transformer can learn a sequence of 256 codes.

# %%
widgets.Quiz("image_tokens.blade")

# %% [markdown]
# ## 6. Words and images in one sequence
#
# An image is now a short sequence of whole numbers, and so is a sentence once every word has a number. Nothing prevents us from putting both into **one sequence over one vocabulary**: the 128 image codes of `vqvae-mnist`, 17 words, and 3 marks. Models that handle several kinds of data in one sequence are called *omni-modal*.
#
# The model is the transformer of notebook 08 with this larger vocabulary. It is trained in two orders:
#
# - **drawing**: first the words, then the image. This teaches it $p(\text{image} \mid \text{words})$.
# - **reading**: first the image, then the words. This teaches it $p(\text{words} \mid \text{image})$.
#
# The words name the digit and sometimes a style. The styles *thick*, *thin*, *leaning*, and *small* are made from MNIST images by simple image processing. You can also ask for a plain digit as a sum, such as "two plus four".

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 24 minutes.**
# >
# > - **Ask:** "What would have to change in the transformer of notebook 08 so that it can write words?"
# > - **Usually answered:** "A second head" or "a text encoder". A longer table of tokens is enough.
# > - **Show:** The figure of the two sequences, the training loop, and then the explorer: let one student type a request and another one draw a digit.

# %%
weights = sum(p.numel() for p in model.parameters())
print(f"{len(model.vocabulary)} tokens, sequences of {model.transformer.length}, {weights / 1e6:.2f} million weights")
print("words and marks:", *model.vocabulary[128:])

# %%
x = x_test[[int((y_test == digit).nonzero()[0]) for digit in range(10)]]  # (10, 1, 28, 28)
plots.image_grid(
    {style or "plain": styles.apply(style, x).numpy() for style in STYLES},
    "Ten test digits, plain and in the four styles that the model is trained on",
)

# %% [markdown]
# Three slots are reserved for words; unused ones contain the mark `<end>`. So every sequence has 54 tokens, and within each order, every position of the code map always has the same slot.


# %%
def both_orders(request, answer, codes):
    slots = [model.tokens(text) + [model.token["<end>"]] * (3 - len(text.split())) for text in (request, answer)]
    to_draw = [model.token["<words>"], *slots[0], model.token["<image>"], *codes]
    to_read = [model.token["<image>"], *codes, model.token["<words>"], *slots[1]]
    return torch.tensor([to_draw, to_read])  # (2, 54)


# %% [markdown] tags=["slide-45"]
# ## One vocabulary, two orders

# %%
codes = vqvae.encode(x_test[[32]]).flatten().tolist()  # 49 codes of a test image, a three
tokens = both_orders("one plus two", "a three", codes)
shown = [[str(model.vocabulary[token]) for token in row] for row in tokens.tolist()]
plots.sequences(
    {"drawing": [*shown[0][:11], "...", *shown[0][-2:]], "reading": [*shown[1][:6], "...", *shown[1][-6:]]},
    "One vocabulary, two orders: the same 49 codes after the words, or before them",
)

# %% [markdown]
# ### The training loop
#
# The only new thing here is which tokens count in the loss. In each order, these are the tokens after the second mark: the 49 codes when drawing, the three words when reading. Three words would count for little next to 49 codes, so their loss gets a weight of 8. There is no other loss, and nothing is specific to images. (The VQ-VAE was trained beforehand and stays frozen.)


# %%
def image_and_words_nats(logits, tokens):
    nats = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none").view(-1, 2, 53)
    return nats[:, 0, -49:].sum(1).mean(), nats[:, 1, -3:].sum(1).mean()  # only what comes after the second mark


def sequences_of(rows):  # each row: digit, number of the style, 49 codes
    chosen = random.Random(0)
    pairs = []
    for digit, style, *codes in rows.tolist():
        request = chosen.choice(chosen.choice(requests(digit, STYLES[style])))  # "a six", "six" or "two plus four"
        pairs.append(both_orders(request, caption(digit, STYLES[style]), codes))
    return torch.cat(pairs)  # (2 N, 54)


# %%
learner = models.WordsAndImages(width=64, depth=2)  # a smaller model, for a few seconds of training
rows = training_examples(images.train.x[:2400], images.train.y[:2400], vqvae)  # (3600, 51)
sequences = sequences_of(rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))])
optimizer = torch.optim.Adam(learner.parameters(), 3e-3)
history = []
with torch.enable_grad():
    for batch in sequences.split(64):  # 32 images, each in both orders
        image, words = image_and_words_nats(learner.transformer(batch[:, :-1]), batch)
        optimizer.zero_grad()
        (image + 8 * words).backward()
        optimizer.step()
        history.append((image.item(), words.item()))

# %% tags=["nbval-ignore-output"]
for name, (image, words) in {"first": history[0], "last": history[-1]}.items():
    print(f"{name} of {len(history)} batches: image {image:4.0f} nats, words {words:5.2f} nats")
image, words = image_and_words_nats(model.transformer(tokens[:, :-1]), tokens)
print(f"the shipped model on the image of a three above: image {image:4.0f} nats, words {words:5.2f} nats")

# %% [markdown]
# Before the first step, the image costs about as much as 49 uniform guesses over 148 tokens, 245 nats. After 113 batches it costs a little more than half of that. Only a small part of the drop comes from learning that no words follow `<image>`: uniform guesses over the 128 codes would still cost 238 nats. The rest comes from learning which codes are likely. The shipped model was trained with the same loss for about half an hour, on all 60,000 images and on styled copies of half of them.
#
# ### Drawing what is written
#
# This is the sampling loop of notebook 08, with words in front. Only image codes may be drawn.


# %%
def draw_image(text, generator):
    slot = model.tokens(text) + [model.token["<end>"]] * (3 - len(text.split()))
    tokens = [model.token["<words>"], *slot, model.token["<image>"]]
    for _ in range(49):
        logits = model.transformer(torch.tensor([tokens]))[0, -1, :128]
        tokens.append(int(torch.multinomial(logits.softmax(0), 1, generator=generator)))
    return torch.tensor(tokens[-49:]).view(1, 7, 7)


slow = draw_image("a thick three", torch.Generator().manual_seed(0))
fast = model.draw("a thick three", generator=torch.Generator().manual_seed(0))  # with a cache of keys and values
print("codes that differ between the loop and model.draw:", (slow != fast).sum().item(), "of 49")

# %% [markdown] tags=["slide-90"]
# ## It draws what is written, with a few slips

# %%
generator = torch.Generator().manual_seed(0)
asked = {style: [caption(digit, style) for digit in range(10)] for style in STYLES}
gallery = {style or "plain": model.draw(texts, temperature=0.6, generator=generator) for style, texts in asked.items()}
plots.image_grid(
    {name: torch.sigmoid(vqvae.decode(codes)).numpy() for name, codes in gallery.items()},
    "It draws what is written, with an occasional slip: ten digits, plain and in four styles",
    columns=list(DIGITS),
)

# %%
widgets.Prediction("image_tokens.agreement")

# %% [markdown]
# Does each drawing show what was asked for? A classifier trained on real digits is the judge. (Notebook 08 showed that it is often certain even about noise. Its agreement still means something here, because by chance it would agree with only 10% of the requests.)

# %% tags=["nbval-ignore-output"]
judge = pretrained.load("classifier-mnist")


def read_by_judge(codes):
    return judge.predict(torch.sigmoid(vqvae.decode(codes)))


digits = torch.arange(10).repeat_interleave(50)  # (500,)
for temperature in (1.0, 0.6):
    drawn = model.draw([caption(digit) for digit in range(10)], 50, temperature, generator)  # (500, 7, 7)
    agree = (read_by_judge(drawn) == digits).float().mean()
    print(f"temperature {temperature}: the judge predicts the requested digit in {agree:.0%} of 500 drawings")
sums = [(a, b) for a in range(10) for b in range(10 - a)]  # all 55 with a sum of at most 9
answers = torch.tensor([a + b for a, b in sums]).repeat_interleave(5)
for temperature in (1.0, 0.6):
    drawn = model.draw([f"{DIGITS[a]} plus {DIGITS[b]}" for a, b in sums], 5, temperature, generator)  # (275, 7, 7)
    agree = (read_by_judge(drawn) == answers).float().mean()
    print(f"temperature {temperature}: it predicts the right digit of a sum in {agree:.0%} of 275 drawings")

# %% [markdown]
# **What we saw.** The 49 codes are drawn one after another, and at temperature 1 a single unlikely one can spoil a drawing. At 0.6 unlikely codes are drawn less often, so the judge agrees more often. As notebook 08 showed, samples at a low temperature also vary less. At temperature 1 the sums come out a little worse than the digits. With 275 drawings, however, the standard error is 1.6 percentage points, so part of that difference may be chance. Nothing in the training says what *plus* means; the model only gets images and the words in front of them.
#
# The styles are judged by simple measurements: the ink of a drawing for *thick* and *thin*, its slant for *leaning*, its spread for *small*. A drawing counts as styled if its measurement is closer to that of the styled test images than to that of the plain ones.

# %% tags=["nbval-ignore-output"]
for style in STYLES[1:]:
    drawn = model.draw([caption(digit, style) for digit in (2, 3, 5, 8)], 25, 0.6, generator)
    made = torch.sigmoid(vqvae.decode(drawn))
    shows = []
    for digit, drawings in zip((2, 3, 5, 8), made.split(25)):
        real = x_test[y_test == digit][:300]
        shows.append(styles.shows(style, drawings, real, styles.apply(style, real)))
    print(f"{style:8s} shows in {torch.cat(shows).float().mean():4.0%} of 100 drawings")

# %% [markdown]
# ### Reading what is drawn

# %%
read = model.read(vqvae.encode(x_test[:1000]))
right = sum(text.split()[-1] == DIGITS[y] for text, y in zip(read, y_test))
print("the first five test images, read:", ", ".join(read[:5]))
print(f"the digit is right for {right / 10:.0f}% of 1,000 test images")

# %% [markdown]
# Now try both yourself. Type a request and watch the sequence grow, or draw a digit and see what the model reads.

# %% [markdown] tags=["slide-45"]
# ## Words to pictures, and pictures to words

# %%
words_and_images = widgets.WordsAndImages(model, vqvae, text="two plus four")
words_and_images.state = {"temperature": 0.6}
words_and_images

# %% [markdown]
# ### Its limits
#
# An unknown word raises an error:

# %%
try:
    model.draw("a blue three")
except ValueError as error:
    print(error)

# %% [markdown]
# What about a sum whose words are all in the vocabulary but whose answer is not a digit? The model was trained on the 55 sums up to nine and on no others.

# %% [markdown] tags=["slide-180"]
# ## For sums above nine, it mostly draws nines

# %%
odd = ["nine plus one", "eight plus seven", "nine plus nine"]
strange = model.draw(odd, 6, 0.6, torch.Generator().manual_seed(2))
plots.image_grid(
    {text: torch.sigmoid(vqvae.decode(strange[6 * i : 6 * i + 6])).numpy() for i, text in enumerate(odd)},
    "For three sums above nine, it mostly draws nines, the largest digit",
)

# %% [markdown]
# It does not refuse, because it cannot: every code is drawn from a distribution, whatever precedes it. Do the nines show that the model has learned something about the size of numbers, or did large summands simply occur together with nines in training? These pictures cannot tell us. To find out, we have to hold some sums out of training, which is the larger task of this notebook.

# %%
widgets.Quiz("image_tokens.only-codes")

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · The larger task: does it add, or has it memorized?
#
# **★★★ · 35 minutes.** Plan the experiment. Your function is given a way to train models and a way to query them. It has to find out how well they do on sums that they were trained on, and on sums that they were not. The checker runs it with five kinds of simulated models whose true shares are known: one that adds, one that memorizes, one that memorizes but ignores the order of the two words, and two that are often wrong. With the real network, the same function is the core of project C below.
#
# **Contract:** `my_build_sums(train, ask)`: `train(sums)` takes a list of pairs (a, b) with a + b at most 9 and returns a fresh model trained on exactly these sums; `ask(model, a, b, n)` returns a list of the n digits that a judge reads in n drawings of "a plus b" → two numbers from 0 to 1: the share of right answers among training sums, and the share among held-out sums. Each must be within 0.06 of the truth, with at most 5 trainings and 20,000 drawings. Train every model on at least 30 sums, and hold out at least ten sums in all, with four different answers or more among them.
#
# Think first: if (4, 2) is in the training set, is (2, 4) a fair test? If every sum with an eight is held out, what do you measure? How many drawings do you need before you can trust a share to within 0.06?


# %% tags=["starter"]
def my_build_sums(train, ask):
    sums = [(a, b) for a in range(10) for b in range(10 - a)]  # all 55
    ...
    return ..., ...


# %%
checks.build_sums(my_build_sums)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_build_sums(train, ask):
#     sums = [(a, b) for a in range(10) for b in range(10 - a)]  # all 55
#     pairs = [(0, 3), (1, 4), (2, 4), (1, 6), (3, 5), (4, 5)]  # answers 3, 5, 6, 7, 8, and 9
#     held_out = pairs + [(b, a) for a, b in pairs]
#     trained = [pair for pair in sums if pair not in held_out]
#     model = train(trained)
#
#     def share(chosen):
#         right = [digit == a + b for a, b in chosen for digit in ask(model, a, b, 50)]
#         return sum(right) / len(right)
#
#     return share(trained), share(held_out)
# ```
#
# Both orders of a pair are held out together. All ten answers remain in training, and so does every word in both slots. A share measured on 600 drawings of held-out sums has a standard error of at most 0.021.
#
# </details>

# %% [markdown]
# ## 7. What large systems do
#
# | system | how an image becomes tokens | the model | what is public |
# |---|---|---|---|
# | DALL-E (Ramesh and others 2021) | 256 x 256 pixels become 32 x 32 tokens from a vocabulary of 8,192 | 12 billion weights; words, then image: one order | the paper and the tokenizer, but not the transformer |
# | Chameleon (Chameleon Team 2024) | 512 x 512 pixels become 1,024 tokens from a vocabulary of 8,192 | 7 and 34 billion weights; words and images mixed in any order; a vocabulary of 65,536 that includes the image codes | the paper and the weights, which were released without image generation |
# | Emu3 (Wang and others 2024) | 512 x 512 pixels, or 4 frames of video, become 4,096 tokens from a vocabulary of 32,768 | 8 billion weights; next-token prediction for text, images, and video | the paper, the weights, and the code |
# | GPT-4o (OpenAI 2024, 2025) | not published | "an autoregressive omni model", one network for text, sound, and images; image generation is "autoregressive", unlike DALL-E 3, which uses diffusion | two system cards, which describe neither the architecture nor the tokenizer and give no number of weights |
#
# Our model shares four things with Chameleon and Emu3: a VQ tokenizer that is trained first and then frozen, one vocabulary, one transformer, and one loss. Both are more than ten thousand times larger, and they also have a tokenizer trained with VQGAN's losses, real text, far larger sets of images, methods that keep training stable at this size, and a final stage of fine-tuning on selected examples (in Emu3, also on human preferences). Whether GPT-4o's images are tokens from a table or something continuous is not public; the quoted phrases are from its two system cards.
#
# The sources: [Chameleon, arXiv:2405.09818](https://arxiv.org/abs/2405.09818), [Emu3, arXiv:2409.18869](https://arxiv.org/abs/2409.18869), [DALL-E, arXiv:2102.12092](https://arxiv.org/abs/2102.12092), [GPT-4o System Card, arXiv:2410.21276](https://arxiv.org/abs/2410.21276) and its addendum on image generation (OpenAI, March 2025).

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 7 minutes.**
# >
# > - **Ask:** "Which of these systems could you rebuild from what is published?"
# > - **Usually answered:** "GPT-4o", because it is the most famous. It is the one about which the least has been published.
# > - **Show:** The last column of the table.

# %%
widgets.Quiz("image_tokens.unknown-table")

# %% [markdown]
# ## 8. Another data set: Fashion-MNIST
#
# A tokenizer fits the images that it was trained on, and `vqvae-mnist` was trained only on pen strokes. What does it do with clothes? This section needs Fashion-MNIST and is skipped without it. `data.load("fashion-mnist", download=True)` downloads the data set.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "What will a tokenizer that has only seen strokes do with a shirt?"
# > - **Usually answered:** "It will not work at all." Let the figure answer, and compare its second row with its third.
# > - **Show:** The figure, if you have the data set. Then the projects.

# %% tags=["nbval-ignore-output"]
try:
    fashion = data.load("fashion-mnist")
except FileNotFoundError:
    fashion = None
    print("Fashion-MNIST is not on this machine, so this section is skipped.")


# %%
def clothes_figure(fashion):
    if fashion is None:
        return None
    clothes = fashion.test.x[:10]
    torch.manual_seed(0)
    own = models.VQVAE(128, 16)
    with torch.enable_grad():
        training.fit(own, fashion.train.x[:30_000], epochs=1, learning_rate=4e-3, background=True)
    rows = {
        "$x$": clothes,
        "codes of digits": vqvae(clothes).logits.sigmoid(),
        "own codes": own(clothes).logits.sigmoid(),
    }
    title = "Ten pieces of clothing, reconstructed by a network trained on digits and by one trained briefly on clothes"
    return plots.image_grid({name: row.numpy() for name, row in rows.items()}, title)


# %% tags=["nbval-ignore-output"]
clothes_figure(fashion)

# %%
widgets.Quiz("image_tokens.old-prior")

# %% [markdown]
# ## Three projects
#
# Choose one. Each takes one to three afternoons, runs on a laptop without a GPU, and ends in one figure and one page of text. Work in a new notebook, and import from `vqedu` what you do not change.
#
# ### Project A: your own data through the whole course
#
# Collect a thousand or more small grayscale images of your own, 28 x 28 pixels: handwriting, leaves, letters of another script. On these, train the autoencoder, the VAE, and the VQ-VAE with its prior, and find out where their ranking differs from the ranking on digits.
#
# 1. Make the data set, show 50 images, and keep a fifth for testing.
# 2. Train the three models. Before each run, write down the number you expect, in nats per image or as a squared error.
# 3. Sample 50 new images from the VAE and from the VQ-VAE with its prior.
# 4. Answer one question of your choice with an experiment, for example: How many codes do my images need? Which $\beta$ works best? Can a model trained on digits encode them?
#
# ### Project B: one knob, measured properly
#
# Take one knob of the course and measure what it does: the size $K$ of the codebook, the code dimension $D$, $\beta$, the commitment cost, EMA or gradient updates of the codebook, FSQ or a codebook at the same entropy, the temperature of the prior.
#
# 1. State what you expect, and what would prove you wrong.
# 2. Choose at least four values of the knob and at least three seeds per value. Keep everything else fixed, and list it.
# 3. Draw one figure that includes the spread over the seeds.
# 4. Provoke the knob's worst failure on purpose, and show how a reader would recognize it.
#
# ### Project C: held-out sums
#
# Does the words-and-images model add? Train it with some sums held out, as planned in exercise 4, and measure it on both kinds of sums.
#
# 1. Before you train, write down the two shares that you expect, and which result would make you say "it adds".
# 2. Write `train` with the loop of section 6. To hold sums out, filter what `requests` returns. Allow 20 to 40 minutes per training run on a laptop. For a first try, a smaller network on a fifth of the images is enough if its drawings are readable.
# 3. Use at least two different splits, so that the result does not depend on one choice of sums.
# 4. For each held-out sum, show what is drawn when the answer is wrong. Is it a neighbor of the right digit? Is it the answer to a training sum that shares a word?
# 5. Repeat with only one order of each pair held out. What does the difference show?
#
# ### Rubric
#
# | | 0 points | 1 point | 2 points |
# |---|---|---|---|
# | **Question** | no question, or one that no result could answer | a question, but it is unclear what would answer it | a question with a prediction, and a result that would refute it |
# | **Numbers** | no units, or measured on the training set only | units and a test set | also a spread over seeds or splits, and reductions stated (sum or mean, over what) |
# | **Comparison** | one run | several runs that differ in more than one thing | one thing varied, all else fixed and listed |
# | **Figure** | missing, or without labels | labels and units | also a title that states the finding, and still readable in grayscale |
# | **Failure** | none shown | a failure shown | a failure provoked and explained, with the symptom that reveals it |
# | **Honesty** | claims go beyond the numbers | claims fit the numbers | also says what was not tried, and what would change the conclusion |
# | **Code** | runs only on your machine | runs from top to bottom | also seeded, with a check that fails if a loss term is changed |
#
# 12 of 14 points is excellent, 8 is solid. A result that refutes the prediction counts as much as one that confirms it.

# %% [markdown] tags=["slide-45"]
# ## Four steps, and what each one changed
#
# | | an image becomes | new images come from |
# |---|---|---|
# | autoencoder | 32 numbers | nothing: random codes fail |
# | VAE | a Gaussian | $z \sim N(0, I)$ |
# | VQ-VAE | 49 indices | a transformer over indices |
# | image tokens | words and indices | the same transformer |

# %% [markdown]
# ## Summary
#
# - FSQ rounds a few bounded numbers. There is no codebook to learn; whether all codes are used depends on the encoder.
# - Residual VQ adds up codes from several small codebooks, from coarse to fine. One model then serves many rates, provided that it was trained with sums of every length.
# - Which quantizer is best depends on what you hold equal. At equal length VQ had the lowest error; at equal entropy residual VQ with two stages was ahead, but at two of the three entropies by less than the spread over the seeds.
# - Straight-through copies the gradient; the rotation trick turns and scales it, so that its angle to the vector stays the same.
# - VQ-VAE-2 adds a second map of codes. VQGAN adds a perceptual loss and a discriminator, so that fewer codes are enough.
# - Our omni-modal model is a transformer over one vocabulary. The order of words and image decides whether it draws or reads.
#
# **Next:** the whole course once more, in color and with an open vocabulary: in [10 Color and words](10_colour_and_words.ipynb) one model draws emoji from their names, and you test whether it can combine what it has never seen together.
