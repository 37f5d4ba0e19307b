# %% [markdown]
# # 09 · Image tokens: words and pictures in one sequence
#
# **After this notebook you can**
#
# - write down two quantizers that came after VQ, each in a few lines: FSQ and residual VQ,
# - compare quantizers fairly: the same rate, then distortion, usage and entropy,
# - say what the rotation trick does to a gradient, and what straight-through does,
# - read how an omni-modal model works: one vocabulary, one sequence, two orders,
# - tell for four large systems what is public about them and what is not.
#
# **Time:** 105 minutes, and 35 for the exercises. **Builds on:** [07 The VQ-VAE](07_vqvae.ipynb) and [08 A prior over codes](08_prior_over_codes.ipynb). **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import torch
from torch.nn import functional as F
from vqedu import checks, data, metrics, models, plots, pretrained, training, widgets
from vqedu.data import styles
from vqedu.models.words_and_images import DIGITS, STYLES, caption
from vqedu.pretrained import sweeps
from vqedu.quantizers import FSQ
from vqedu.quantizers.kmeans import draw, kmeans

RETRAIN = False  # True: train the words-and-images model here (about half an hour on one core)
torch.set_grad_enabled(False)  # where something is trained, the cell says so
images = data.load("mnist")
x_test, y_test = images.test
first_of_each = [int((y_test == digit).nonzero()[0]) for digit in range(10)]
x = x_test[first_of_each]  # (10, 1, 28, 28)

# %% [markdown]
# ## 1. A table without learning: FSQ
#
# The codebook of notebook 07 must be learnt, and much can go wrong: codes die, or the encoder moves away from them.
# Four cures were needed: revival of dead codes, moving averages, a start from data, and normalization.
#
# *Finite scalar quantization* (FSQ, Mentzer and others 2023) asks: why learn the table at all? Take few numbers a position, say three or four. Squeeze each into a range with a tanh, and **round it**.
# With 8, 5, 5 and 5 places for four numbers there are $8 \cdot 5 \cdot 5 \cdot 5 = 1000$ codes, and nobody stores them.
#
# $$\text{bounded}_d = h_d \tanh(z_d + s_d) - o_d, \qquad h_d = \tfrac{1}{2}(L_d - 1) \cdot 1.001, \qquad z_{q,d} = \frac{\text{round}(\text{bounded}_d)}{\lfloor L_d / 2 \rfloor} .$$
#
# For an odd number of places $L_d$, $o = s = 0$. For an even one the places cannot lie evenly around zero: $o = \frac12$, and $s$ is chosen so that $z = 0$ rounds to 0. The 1.001 is a small margin of the published code, and moves the steps by next to nothing.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 14 minutes.**
# >
# > - **Ask:** "What could be left out of the codebook of notebook 07, if you had to choose?"
# > - **Usually answered:** "The commitment loss", sometimes "nothing". That the whole table may go is a surprise.
# > - **Show:** The staircase, then the two planes. Say aloud that the left one was learnt and the right one was not. Commit the prediction before the two runs.


# %%
def fsq(z, levels):
    L = torch.tensor(levels)  # (D,): how many places each number has
    h = (L - 1) * 1.001 / 2
    o = torch.where(L % 2 == 0, 0.5, 0.0)
    bounded = torch.tanh(z + torch.atanh(o / h)) * h - o  # (N, D)
    places = bounded + (bounded.round() - bounded).detach()  # straight through the rounding
    return places / (L // 2)


# %%
z = torch.linspace(-3, 3, 601).view(-1, 1)  # (601, 1)
plots.lines(
    {f"{size} places": (z.flatten().tolist(), fsq(z, [size]).flatten().tolist()) for size in (5, 8)},
    "FSQ is a staircase: tanh sets the range, rounding makes the steps",
    "$z$, a number of the encoder",
    "$z_q$",
    colors={"5 places": "encoder", "8 places": "codebook"},
)

# %% [markdown]
# Two numbers make a grid in the plane. Beside it the cells of as many learnt codes, on the same points. Where there are no points, the grid still has codes.

# %%
generator = torch.Generator().manual_seed(1)
centres = torch.tensor([[-1.3, -1.0], [0.2, 1.4], [1.5, -0.6], [0.0, -0.2]])
points = centres.repeat(400, 1) + 0.38 * torch.randn(1600, 2, generator=generator)  # (1600, 2), four clouds
torch.manual_seed(0)
codes, _ = kmeans(points, points[draw(len(points), 20)])
grid = FSQ([5, 4])

# %%
title = "Learnt cells follow the points; the grid of FSQ is fixed, and the encoder must learn to fill it"
plots.two_tables(points.numpy(), codes.numpy(), [lines.numpy() for lines in grid.borders()], title)

# %%
used = metrics.code_usage(grid(points).indices, 20)
print(f"the grid, without any training: {used:.0%} of its 20 codes used by these points")

# %% [markdown]
# **What we saw.** That the grid is fixed is no obstacle, if the *encoder* is trained with it: the decoder's gradient passes through the rounding and moves the points to where the grid has codes.
# There is no codebook loss and no commitment loss, no revival, no start from data. In the next experiment both quantizers get the same 60 steps of training. The VQ has none of its cures, FSQ needs none.

# %%
widgets.Prediction("image_tokens.usage")


# %%
def train_briefly(model, steps=60):
    with torch.enable_grad():
        training.fit(model, images.train.x[: steps * 128], epochs=1, learning_rate=4e-3, background=True)
    return metrics.code_usage(model.encode(x_test[:2000]), model.codebook_size)


torch.manual_seed(0)
bare_vq = models.VQVAE(512, 16, "gradient", start="uniform", revive_after=None, normalize=False)
usage = {"VQ without cures": train_briefly(bare_vq)}
usage["FSQ, 8 x 8 x 8"] = train_briefly(models.VQVAE(quantizer=FSQ([8, 8, 8])))

# %%
print("VQ without cures uses less than a third of 512 codes:", bool(usage["VQ without cures"] < 1 / 3))
print("FSQ uses more than two thirds of 512 codes:          ", bool(usage["FSQ, 8 x 8 x 8"] > 2 / 3))

# %%
widgets.Quiz("image_tokens.levels-to-codes", "image_tokens.rounding-line", "image_tokens.even-levels")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · Rounding with a gradient
#
# **★★☆ · 8 minutes.** Finite scalar quantization of each number, for an odd number of levels: bound, round, and let the gradient pass the rounding only.
#
# **Contract:** `my_fsq(z, levels)`: (N, D), an odd number of levels → (N, D): tanh(z) scaled to -(levels - 1)/2 .. (levels - 1)/2 and rounded to whole numbers, with the gradient of the rounding replaced by that of the identity.


# %% tags=["starter"]
def my_fsq(z, levels):
    bounded = torch.tanh(z) * (levels - 1) / 2
    return bounded.round()


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
# **★★☆ · 6 minutes.** FSQ has no dead codes by construction, one reads. Change the encoder's output, keeping the order of its numbers, so that at most 8 of 125 codes are used.
#
# **Contract:** `my_starve_fsq(z)`: vectors (n, 3) → vectors (n, 3) in the same order along each dimension, for which an FSQ of 5 x 5 x 5 codes uses at most 8.


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
#     return 0.01 * z  # everything rounds to the middle place
# ```
#
# </details>

# %% [markdown]
# ## 2. Coarse to fine: residual VQ
#
# The other way: keep learnt tables, but use several small ones after each other. The first table quantizes $z_e$. What it leaves over, the *residual*, is quantized by the second table, and so on
# (Zeghidour and others 2021 for sound, Lee and others 2022 for images):
#
# $$r_0 = z_e, \qquad e_l = \text{nearest code to } r_{l-1}, \qquad r_l = r_{l-1} - e_l, \qquad z_q = e_1 + e_2 + \dots + e_L .$$
#
# Six tables of 16 codes name $16^6$ = 16.8 million sums with 96 stored vectors.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 14 minutes.**
# >
# > - **Ask:** "Six tables of 16 codes: how many different vectors can be named?"
# > - **Usually answered:** "96", the number of stored ones. It is 16 to the power of 6.
# > - **Show:** The explorer, levels from 1 to 6. Ask from which level on they would not pay any more.


# %%
def residual_vq(z_e, codebooks):
    residual, z_q, indices = z_e, torch.zeros_like(z_e), []
    for codebook in codebooks:
        nearest = torch.cdist(residual, codebook).argmin(1)  # (n, D), (K, D) -> (n,)
        indices.append(nearest)
        z_q, residual = z_q + codebook[nearest], residual - codebook[nearest]
    return z_q, torch.stack(indices, 1)  # (n, D), (n, L)


# %%
rvq = pretrained.load("residual-mnist")
codebooks = [stage.codes() for stage in rvq.quantizer.stages]  # 6 of (16, 16)
z_e = rvq.encoder(x_test[:1000])  # (1000, 16, 7, 7)
rows = z_e.movedim(1, -1).reshape(-1, 16)  # (49000, 16)
z_q, indices = residual_vq(rows, codebooks)
same = (indices.view(1000, 7, 7, 6) == rvq.encode(x_test[:1000])).float().mean()
print(f"the six lines above and the model's quantizer agree: {bool(same > 0.999)}")

# %%
widgets.Prediction("image_tokens.levels")

# %%
for level in range(1, 7):
    left = (rows - sum(codebooks[i][indices[:, i]] for i in range(level))).square().sum(1).mean()
    x_hat = torch.sigmoid(rvq.decode(indices.view(1000, 7, 7, 6)[..., :level]))
    error = (x_hat - x_test[:1000]).square().mean()
    share = (left / rows.square().sum(1).mean()).sqrt()
    print(
        f"{level} levels, {49 * 4 * level:4d} bits: left over {share:3.0%} of the length of z_e, error {error:.4f} a pixel"
    )

# %% [markdown]
# The first level draws the digit, the later ones sharpen it. One model therefore serves many rates: whoever has few bits sends the first levels only. For that the decoder must have seen short sums in training;
# so each training image ended after a random level. Switch the levels on one by one.

# %%
widgets.ResidualExplorer(rvq, images.test)

# %%
widgets.Quiz("image_tokens.second-table", "image_tokens.two-levels", "image_tokens.no-short-sums")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · What is left over
#
# **★★☆ · 8 minutes.** Each level describes what the levels before it left over. Return the sum of all chosen codes.
#
# **Contract:** `my_residual(z, codebooks)`: vectors (n, D), codes (levels, K, D) → z_q (n, D): each level quantizes what the levels before it have left over, and z_q is the sum of the chosen codes.


# %% tags=["starter"]
def my_residual(z, codebooks):
    total = torch.zeros_like(z)
    for codebook in codebooks:  # (K, D)
        distances = torch.cdist(z, codebook)
        total = total + codebook[distances.argmin(1)]
    return total


# %%
checks.residual(my_residual)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_residual(z, codebooks):
#     total = torch.zeros_like(z)
#     for codebook in codebooks:  # (K, D)
#         distances = torch.cdist(z - total, codebook)  # what is left over
#         total = total + codebook[distances.argmin(1)]
#     return total
# ```
#
# </details>

# %% [markdown]
# ## 3. The same rate: who does best?
#
# A fair comparison keeps all else equal: the encoder, the decoder, the batches, five epochs, and the **rate**, the number of bits an image takes. 512 codes are 9 bits at each of 49 positions. Three levels of 8 codes are 9 bits as well.
# The table was made by `tests/benchmarks/quantizers_compared.py` in this repository. VQ has all its cures here.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "What must be equal in a fair comparison of two quantizers?"
# > - **Usually answered:** "The number of codes." Equal bits an image is the better answer, and equal everything else.
# > - **Show:** The table first, the figure second. Which column surprises?

# %%
compared = sweeps.quantizers()
print("                             bits  entropy  usage   squared error")
for name, run in compared.items():
    print(f"{name:28s} {run['rate']:4.0f}  {run['entropy']:7.0f}  {run['usage']:5.0%}  {run['squared_error']:14.4f}")

# %%
families = {"VQ": plots.COLORS["codebook"], "FSQ": plots.COLORS["encoder"], "residual VQ": plots.COLORS["decoder"]}
runs = {family: [run for name, run in compared.items() if name.startswith(family)] for family in families}
plots.rate_distortion(
    {
        family: ([run["rate"] for run in found], [run["squared_error"] for run in found])
        for family, found in runs.items()
    },
    "At equal rate the VQ with all its cures has the smallest error here; FSQ comes closer as tables grow",
    families,
    notes={family: [name.partition(", ")[2] for name in compared if name.startswith(family)] for family in families},
)

# %% [markdown]
# **What we saw.** With all its cures the learnt table wins at both rates. That is no wonder: its codes may lie anywhere in 16 dimensions, those of FSQ on a grid in three or four. The gap becomes smaller as the table grows,
# and the authors of FSQ report that it turns in favour of the grid for large tables. What FSQ offers is peace: nothing to tune, nothing to revive.
#
# Residual VQ with three tiny tables of 8 does worst. With two tables of 64 it comes near to the single table of 4,096, and stores 128 vectors instead. Six tables of 16 are 24 bits a position, for which a single table
# would need 16.8 million codes. Twice the bits buy hardly anything here: what is left is the error of this small encoder and decoder, not of the codes.
#
# The column *entropy* says what the codes would cost if each index were as long as its share deserves. Where it is far below the rate, the codes are used unequally, and a prior has more to save.

# %%
widgets.Quiz("image_tokens.same-rate", "image_tokens.entropy-column", "image_tokens.unfair")

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · What a product of levels costs
#
# **★☆☆ · 4 minutes.** How many bits does an image take, if each place holds one FSQ vector?
#
# **Contract:** `my_rate(levels, places)`: a list with the number of levels of each FSQ dimension, a whole number of places → bits of an image.


# %% tags=["starter"]
def my_rate(levels, places):
    return places * math.log2(sum(levels))


# %%
checks.rate(my_rate)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_rate(levels, places):
#     return places * math.log2(math.prod(levels))
# ```
#
# </details>

# %% [markdown]
# ## 4. A gradient that turns: the rotation trick
#
# Every quantizer so far passes the gradient *straight through*: what the decoder asks of $z_q$ is asked of $z_e$, whatever lies between them. All vectors of one cell get the same push.
# The *rotation trick* (Fifty and others 2024) replaces the copy by a rotation and a scale. With $R$ the rotation that takes the direction of $z_e$ to that of $z_q$, it writes
#
# $$z_q = \frac{|z_q|}{|z_e|}\, R\, z_e ,$$
#
# and treats the factor and $R$ as constants. Forward nothing changes. Backward the gradient is turned back by $R^\top$, so the *angle* between gradient and vector stays the same.
#
# With unit vectors $u$ and $v$ in the two directions and $w$ half-way between them, $R = I - 2 w w^\top + 2 v u^\top$. Check that $R u = v$: since $u + v = 2 (w^\top u)\, w$, nearly everything cancels.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Two vectors lie at opposite ends of one cell. What does straight-through tell each of them?"
# > - **Usually answered:** "To go towards its code." It does not: both get the very same push.
# > - **Show:** The figure with two panels. Trace one arrow with a finger.


# %%
def dot(a, b):
    return (a * b).sum(1, keepdim=True)  # (n, D), (n, D) -> (n, 1)


def rotation_trick(z_e, z_q):
    scale = (z_q.norm(dim=1, keepdim=True) / z_e.norm(dim=1, keepdim=True)).detach()
    u, v = F.normalize(z_e, dim=1).detach(), F.normalize(z_q, dim=1).detach()
    w = F.normalize(u + v, dim=1)  # half-way between the two directions
    return scale * (z_e - 2 * w * dot(w, z_e) + 2 * v * dot(u, z_e))  # R z_e, scaled


# %%
angles = torch.tensor([0.15, 0.45, 1.05, 1.35])
lengths = torch.tensor([1.0, 1.7, 1.8, 1.1])
z_e = lengths.view(-1, 1) * torch.stack([angles.cos(), angles.sin()], 1)  # four vectors of one cell
code = torch.tensor([1.1, 1.0])
at_code = torch.tensor([0.28, 0.26])  # the loss falls towards the origin, against the direction of the code
with torch.enable_grad():
    leaf = z_e.clone().requires_grad_()
    turned = torch.autograd.grad(rotation_trick(leaf, code.expand(4, 2)), leaf, at_code.expand(4, 2))[0]

# %%
plots.two_gradients(
    z_e.numpy(),
    code.numpy(),
    at_code.numpy(),
    {
        "straight through: one push for all": at_code.expand(4, 2).numpy(),
        "rotated: each along its own vector": turned.numpy(),
    },
    "The decoder asks for a shorter code. Straight-through shifts the vectors, the rotation trick shortens each",
)

# %%
kept = torch.cosine_similarity(turned, z_e) - torch.cosine_similarity(at_code.expand(4, 2), code.expand(4, 2))
print(
    f"angle between gradient and vector, changed by the rotation trick: at most {kept.abs().max():.0e}".replace(
        "e-0", "e-"
    )
)
print("forward it is the code itself:", bool(torch.allclose(rotation_trick(z_e, code.expand(4, 2)), code.expand(4, 2))))

# %% [markdown]
# **What we saw.** Straight-through moves the lowest vector two thirds as far sideways as inwards. With the rotation trick each vector is shortened along itself, a short one more than a long one, since the factor $|z_q| / |z_e|$ is larger there.
# The authors report better reconstructions and more codes in use on large image models. On small digits, where VQ with its cures loses little, we expect little from it and have not measured it.

# %%
widgets.Quiz("image_tokens.same-push", "image_tokens.gradient-length", "image_tokens.forward-same")

# %% [markdown]
# ## 5. Sharper pictures: VQ-VAE-2 and VQGAN
#
# Two papers turned the VQ-VAE into an image generator of its time. Both keep the codebook and change what stands around it.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Why is a squared error a bad judge of grass?"
# > - **Usually answered:** "It is blurry." The reason is better: a blade that stands one pixel to the left costs twice as much as no blade at all.
# > - **Show:** The diagram only. This section is for orientation.

# %%
plots.pipelines(
    {
        "VQ-VAE-2 (Razavi and others 2019)": [
            ("$x$", "data"), ("encoder", "encoder"), ("top codes 32x32", "codebook"), ("bottom codes 64x64", "codebook"), ("decoder", "decoder"), (r"$\hat{x}$", "data"),
        ],
        "VQGAN (Esser and others 2021)": [
            ("$x$", "data"), ("encoder", "encoder"), ("codes 16x16", "codebook"), ("decoder", "decoder"), (r"$\hat{x}$", "data"), ("real or made?", "prior"),
        ],
    },
    "VQ-VAE-2 adds a second map of codes; VQGAN adds judges of the picture",
    {
        "VQ-VAE-2 (Razavi and others 2019)": "two scales: the plan, then the details",
        "VQGAN (Esser and others 2021)": "fewer codes, each worth more",
    },
)  # fmt: skip

# %% [markdown]
# **VQ-VAE-2** has two maps. For images of 256 x 256 pixels the top map has 32 x 32 codes and holds the plan; the bottom map has 64 x 64 codes and is encoded *given* the top one, so it holds details only. Two priors generate them in this order.
#
# **VQGAN** changes the price of an error. To a squared error a pixel, grass whose blades stand elsewhere is worse than grey mush. VQGAN compares features of a trained network instead (a perceptual loss) and adds a *discriminator*, a network that learns to
# tell real patches from made ones. The decoder may then invent texture, so a map of 16 x 16 codes is enough for 256 x 256 pixels, and a transformer can learn the sequence.

# %%
widgets.Quiz("image_tokens.how-many", "image_tokens.blade", "image_tokens.invented")

# %% [markdown]
# ## 6. Omni-modal in miniature
#
# Now the picture is a short sequence of whole numbers. So is a sentence. Nothing keeps us from writing both into **one sequence over one vocabulary**: 128 image codes of `vqvae-mnist`, 17 words, 3 marks.
#
# The shipped model is the transformer of notebook 08 with this larger vocabulary, and was trained on both orders:
#
# - **drawing**: first the words, then the image. It learns $p(\text{image} \mid \text{words})$.
# - **reading**: first the image, then the words. It learns $p(\text{words} \mid \text{image})$.
#
# The words say the digit and, sometimes, a style: *thick*, *thin*, *leaning* and *small* are made from MNIST by image operations. A plain digit may also be asked for as a sum: "two plus four".

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 25 minutes.**
# >
# > - **Ask:** "What would have to change in the transformer of notebook 08 so that it can write words?"
# > - **Usually answered:** "A second head" or "a text encoder". A longer table of tokens is enough.
# > - **Show:** The sequence figure, then the widget: let someone name a request, and someone else draw.

# %%
vqvae = pretrained.load("vqvae-mnist")
model = pretrained.retrain("words-and-images", images.train)[0] if RETRAIN else pretrained.load("words-and-images")
weights = sum(p.numel() for p in model.parameters())
print(f"{len(model.vocabulary)} tokens, sequences of {model.transformer.length}, {weights / 1e6:.2f} million weights")
print("words:", *model.vocabulary[128:])

# %%
plots.image_grid(
    {style or "plain": styles.apply(style, x).numpy() for style in STYLES},
    "What the model was taught: ten digits, plain and in four styles",
)

# %% [markdown]
# Three places are kept for words; those that stay empty hold the mark `<end>`. Then every sequence has 54 tokens, and an image code always stands at the same place.


# %%
def both_orders(request, answer, codes):
    slots = [model.tokens(text) + [model.token["<end>"]] * (3 - len(text.split())) for text in (request, answer)]
    to_draw = [model.token["<words>"], *slots[0], model.token["<image>"], *codes]
    to_read = [model.token["<image>"], *codes, model.token["<words>"], *slots[1]]
    return torch.tensor([to_draw, to_read])  # (2, 54)


def image_and_words_nats(logits, tokens):
    nats = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none").view(2, 53)
    return nats[0, -49:].sum(), nats[1, -3:].sum()  # only what comes after the second mark


# %%
three = x_test[[32]]
codes = vqvae.encode(three).flatten().tolist()  # 49 codes
tokens = both_orders("one plus two", "a three", codes)
shown = [[str(model.vocabulary[token]) for token in row] for row in tokens.tolist()]
plots.sequences(
    {"drawing": [*shown[0][:11], "...", *shown[0][-2:]], "reading": [*shown[1][:6], "...", *shown[1][-6:]]},
    "One vocabulary, two orders: the same 49 codes after the words, or before them",
)

# %%
image_nats, words_nats = image_and_words_nats(model.transformer(tokens[:, :-1]), tokens)
print(f"drawing this three costs {image_nats:.0f} nats; a uniform guess of 49 codes costs {49 * math.log(128):.0f}")
print("reading it costs less than 0.1 nats:", bool(words_nats < 0.1))

# %% [markdown]
# In training both prices are lowered, the words with weight 8, since three words would weigh little beside 49 codes. That is the whole method: no second network, no loss that knows what an image is.
#
# ### Drawing what is written
#
# The loop of notebook 08, with words in front. Only image codes may be drawn.


# %%
def draw_image(text, generator):
    slot = model.tokens(text) + [model.token["<end>"]] * (3 - len(text.split()))
    tokens = [model.token["<words>"], *slot, model.token["<image>"]]
    for _ in range(49):
        logits = model.transformer(torch.tensor([tokens]))[0, -1, :128]
        tokens.append(int(torch.multinomial(logits.softmax(0), 1, generator=generator)))
    return torch.tensor(tokens[-49:]).view(1, 7, 7)


slow = draw_image("a thick three", torch.Generator().manual_seed(0))
fast = model.draw("a thick three", generator=torch.Generator().manual_seed(0))  # with a KV cache
print("the loop and model.draw give the same 49 codes:", torch.equal(slow, fast))

# %%
generator = torch.Generator().manual_seed(0)
asked = {style: [caption(digit, style) for digit in range(10)] for style in STYLES}
gallery = {style or "plain": model.draw(texts, temperature=0.6, generator=generator) for style, texts in asked.items()}

# %%
plots.image_grid(
    {name: torch.sigmoid(vqvae.decode(codes)).numpy() for name, codes in gallery.items()},
    "It draws what is written, with a slip here and there: ten digits, plain and in four styles",
    columns=list(DIGITS),
)

# %%
widgets.Prediction("image_tokens.agreement")

# %% [markdown]
# Is each drawing what was asked for? A separate classifier, trained on real digits only, is the judge. Its own accuracy on test images is above 98.5%.

# %%
judge = pretrained.load("classifier-mnist")
agree = {}
for temperature in (1.0, 0.6):
    drawn = model.draw([caption(digit) for digit in range(10)], 50, temperature, generator)  # (500, 7, 7)
    seen = judge.predict(torch.sigmoid(vqvae.decode(drawn)))
    agree[temperature] = (seen == torch.arange(10).repeat_interleave(50)).float().mean()
    print(f"temperature {temperature}: the judge sees the asked digit in {agree[temperature]:.0%} of 500 drawings")

# %% [markdown]
# **What we saw.** 49 codes are drawn one after another, and at temperature 1 a single unlikely one can lead a drawing astray. At 0.6 the model keeps closer to what it finds likely, and the judge agrees more often.
# The drawings then vary less: fewer mistakes are bought with fewer surprises, as in notebook 08.
#
# A sum asks for more: the digit is not among the words. Nothing tells the model what *plus* means; it only sees that some images follow some words.

# %%
sums = [(a, b) for a in range(10) for b in range(10 - a)]  # all 55 with a sum of at most 9
right = torch.tensor([a + b for a, b in sums]).repeat_interleave(5)
drawn = model.draw([f"{DIGITS[a]} plus {DIGITS[b]}" for a, b in sums], 5, 0.6, generator)  # (275, 7, 7)
share = (judge.predict(torch.sigmoid(vqvae.decode(drawn))) == right).float().mean()
print(f"asked for a sum, it draws the right digit in {share:.0%} of 275 drawings")

# %% [markdown]
# The styles are judged by simple numbers: the ink of a drawing for *thick* and *thin*, its slant for *leaning*, its spread for *small*. A drawing has the style if its number is nearer to the styled test images of that digit than to the plain ones.

# %%
for style in STYLES[1:]:
    drawn = model.draw([caption(digit, style) for digit in (2, 3, 5, 8)], 25, 0.6, generator)
    made = torch.sigmoid(vqvae.decode(drawn))
    shows = []
    for digit, drawings in zip((2, 3, 5, 8), made.split(25)):
        real = x_test[y_test == digit][:300]
        shows.append(styles.shows(style, drawings, real, styles.apply(style, real)))
    print(f"{style:8s} shows in {torch.cat(shows).float().mean():4.0%} of 100 drawings")

# %% [markdown]
# ### Saying what is drawn

# %%
read = model.read(vqvae.encode(x_test[:1000]))
said_digit = [text.split()[-1] == DIGITS[y] for text, y in zip(read, y_test)]
print("it says of the first five test images:", ", ".join(read[:5]))
print(f"the digit is right for {sum(said_digit) / 1000:.0%} of 1,000 test images (expect 95% or more)")

# %% [markdown]
# Now do both by hand. Type a request, and watch the sequence grow. Or draw, and let it say what it sees.

# %%
words_and_images = widgets.WordsAndImages(model, vqvae, text="two plus four")
words_and_images.state = {"temperature": 0.6}
words_and_images

# %% [markdown]
# ### Where it ends
#
# An unknown word is an error, not a guess:

# %%
try:
    model.draw("a blue three")
except ValueError as error:
    print(error)

# %% [markdown]
# And what about a sum whose words it knows, but whose answer is no digit? It was taught the 55 sums up to nine, and no other.

# %%
odd = ["nine plus one", "eight plus seven", "nine plus nine"]
strange = model.draw(odd, 6, 0.6, generator)
plots.image_grid(
    {text: torch.sigmoid(vqvae.decode(strange[6 * i : 6 * i + 6])).numpy() for i, text in enumerate(odd)},
    "Beyond its 55 sums it answers with a nine, the largest digit that it knows",
)

# %% [markdown]
# It does not refuse, and it cannot say "I was never taught that": each code is drawn from a distribution, whatever stands before it. Whether the nines show a grasp of *more*, or only that large summands went with nines in training,
# these pictures do not tell. It would take sums that were held out in training. That is a good project.

# %%
widgets.Quiz("image_tokens.five-more", "image_tokens.only-codes", "image_tokens.held-out")

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · One vocabulary for words and pictures
#
# **★☆☆ · 5 minutes.** Put a sentence and an image into one sequence. A token must mean one thing only.
#
# **Contract:** `my_join(words, codes, num_codes)`: words (N, W) counted from 0, image codes (N, L) in 0 .. num_codes - 1 → tokens (N, W + L): words first in the sequence; codes keep their numbers, words are counted on from there.


# %% tags=["starter"]
def my_join(words, codes, num_codes):
    return torch.cat([words, codes], 1)


# %%
checks.join(my_join)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_join(words, codes, num_codes):
#     return torch.cat([words + num_codes, codes], 1)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 6 · Bug hunt: it never complains
#
# **★★☆ · 6 minutes.** This function reads the words back from a sequence. Now and then an image code slips in where a word should be, and nobody notices. Mend it.
#
# **Contract:** `my_read_words(tokens, num_codes, num_words)`: (N, L), each an image code (0 .. num_codes - 1), a word (the next num_words) or a special token above these → int64 (N, L): the word of each token, counted from 0, and -1 for a token that is none. One bug is planted.


# %% tags=["starter"]
def my_read_words(tokens, num_codes, num_words):
    return (tokens - num_codes).clamp(0, num_words - 1)


# %%
checks.read_words(my_read_words)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_read_words(tokens, num_codes, num_words):
#     words = tokens - num_codes
#     return torch.where((words >= 0) & (words < num_words), words, -1)
# ```
#
# </details>

# %% [markdown]
# ## 7. What large systems do
#
# | system | how an image becomes tokens | the model | what is public |
# |---|---|---|---|
# | DALL-E (Ramesh and others 2021) | 32 x 32 tokens out of 8,192 | 12 billion weights; words, then image: one order | paper, and the tokenizer; not the transformer |
# | Chameleon (Chameleon Team 2024) | 512 x 512 pixels become 1,024 tokens out of 8,192 | 7 and 34 billion weights; words and images mixed in any order; a vocabulary of 65,536 that holds the image codes | paper and weights, the latter without the ability to make images |
# | Emu3 (Wang and others 2024) | 512 x 512 pixels, or 4 frames of video, become 4,096 tokens out of 32,768 | 8 billion weights; next-token prediction for text, images and video | paper, weights and code |
# | GPT-4o (OpenAI 2024, 2025) | not published | "an autoregressive omni model", one network for text, sound and images; image generation is "autoregressive", other than the diffusion of DALL-E 3 | two system cards; no architecture, no tokenizer, no number of weights |
#
# What ours has in common with Chameleon and Emu3: a VQ tokenizer trained first and then frozen; one vocabulary, one transformer, one loss. What they add, besides being ten thousand times larger: a tokenizer with VQGAN's losses, real text,
# data by the billion images, tricks that keep so large a training stable, and a last training by examples and preferences. Whether GPT-4o's images are tokens of a table, or something continuous, nobody outside can say. The quoted words are all that the cards reveal.
#
# The sources: [Chameleon, arXiv:2405.09818](https://arxiv.org/abs/2405.09818), [Emu3, arXiv:2409.18869](https://arxiv.org/abs/2409.18869), [DALL-E, arXiv:2102.12092](https://arxiv.org/abs/2102.12092), [GPT-4o System Card, arXiv:2410.21276](https://arxiv.org/abs/2410.21276) and its addendum on image generation (OpenAI, March 2025).

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Which of these systems could you rebuild from what is published?"
# > - **Usually answered:** Mostly "GPT-4o", since it is the best known. It is the one of which least is known.
# > - **Show:** The last column of the table.

# %%
widgets.Quiz("image_tokens.large-image-bits", "image_tokens.one-order", "image_tokens.unknown-table")

# %% [markdown]
# ## 8. Another data set: Fashion-MNIST
#
# A tokenizer knows what it was trained on. `vqvae-mnist` has seen strokes. What does it make of clothes? If the files of Fashion-MNIST are on this machine, this section uses them; otherwise it says so and goes on.
# `data.load("fashion-mnist", download=True)` fetches them where there is a network.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "What will codes that have only seen strokes make of a shirt?"
# > - **Usually answered:** "It will not work at all." It does work, badly: it draws shirts with strokes.
# > - **Show:** The figure, or the sentence that the data is not there. Then the projects.

# %% tags=["nbval-ignore-output"]
try:
    fashion = data.load("fashion-mnist")
except FileNotFoundError:
    fashion = None
    print("Fashion-MNIST is not on this machine, so this section shows nothing.")


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
    title = "Codes learnt on digits draw clothes with strokes; own codes get the greys right within seconds"
    return plots.image_grid({name: row.numpy() for name, row in rows.items()}, title)


# %% tags=["nbval-ignore-output"]
clothes_figure(fashion)

# %%
widgets.Quiz("image_tokens.strokes", "image_tokens.shirt-bits", "image_tokens.old-prior")

# %% [markdown]
# ## Two projects
#
# Choose one. Each takes one to three afternoons, runs on a laptop without a GPU, and ends in one figure and one page of text. Work in a new notebook and import from `vqedu` what you do not change.
#
# ### Project A: your own data through the whole course
#
# Take small grey images of your own: handwriting, leaves, letters of another script, a thousand of them or more, 28 x 28 pixels. Train the autoencoder, the VAE and the VQ-VAE with a prior on them, and find out where their order differs from that on the digits.
#
# 1. Make the data set, show 50 images, and keep a fifth for testing.
# 2. Train the three models. Before each run, write down the number you expect, in nats per image or as a squared error.
# 3. Sample 50 new images from the VAE and from the VQ-VAE with its prior.
# 4. Answer one question of your choice with an experiment, such as: how many codes do my images need? Which $\beta$ suits them? Does a model trained on digits work as an encoder for them?
#
# ### Project B: one knob, measured properly
#
# Take one knob of the course and measure what it does: the size $K$ of the codebook, the code dimension $D$, $\beta$, the commitment cost, EMA against gradient, FSQ against a codebook at the same number of bits, the temperature of the prior.
#
# 1. State what you expect, and what would prove you wrong.
# 2. Choose at least four values of the knob and at least three seeds a value. Everything else stays fixed: say what.
# 3. Draw one figure with the spread over the seeds in it.
# 4. Provoke the knob's worst failure on purpose, and show how a reader would recognize it.
#
# ### Rubric
#
# | | 0 points | 1 point | 2 points |
# |---|---|---|---|
# | **Question** | no question, or one that no result could answer | a question, but it is open what would answer it | a question with a prediction, and a result that would refute it |
# | **Numbers** | no units, or numbers of the training set only | units and a test set | also a spread over seeds, and reductions stated (sum or mean, of what) |
# | **Comparison** | one run | several runs that differ in more than one thing | one thing varied, all else fixed and listed |
# | **Figure** | missing, or without labels | labels and units | a title that states the finding, and readable in grey |
# | **Failure** | none shown | a failure shown | a failure provoked, explained, and the sign by which one detects it |
# | **Honesty** | claims go beyond the numbers | claims fit the numbers | also says what was not tried, and what would change the conclusion |
# | **Code** | runs only on your machine | runs from top to bottom | also seeded, with a check that turns red if a loss term is changed |
#
# 12 of 14 points is excellent, 8 is solid. A result that refutes the prediction counts as much as one that confirms it.

# %% [markdown]
# ## Summary
#
# - FSQ rounds a few bounded numbers. There is no codebook to learn, so none can die. A learnt table with all its cures can still be better at equal rate, as it is here.
# - Residual VQ adds up codes of several small tables, coarse to fine. One model then serves many rates.
# - Straight-through copies a gradient; the rotation trick turns and scales it with the vector.
# - VQ-VAE-2 adds a second scale; VQGAN adds judges, so that fewer codes are enough.
# - An omni-modal model is a transformer over one vocabulary. Order decides whether it draws or reads.
#
# ## Three questions to answer from memory

# %%
widgets.Quiz("image_tokens.collapse", "image_tokens.rate", "image_tokens.orders")

# %% [markdown]
# **Next:** go back to [00 Start here](00_start_here.ipynb) and read the map once more: every box in it is now something that you have built.
