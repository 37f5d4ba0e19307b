# %% [markdown]
# # 07 · The VQ-VAE: an image as 49 whole numbers
#
# **After this notebook you can**
#
# - turn the VAE of notebook 04 into a VQ-VAE, and write its loss with both stop-gradients,
# - read a code map, and say which pixels one index decides about,
# - tell the perplexity of a batch from that of a data set,
# - recognize a dead codebook and bring it back, and say what each cure does,
# - count the bits of an image, and compare them fairly with PNG, JPEG, autoencoder and VAE.
#
# **Time:** 100 minutes, and 30 for the exercises. **Builds on:** [04 The VAE](04_vae.ipynb) and [06 Vector quantization](06_vector_quantization.ipynb). **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import torch
from torch import nn
from torch.nn import functional as F
from vqedu import checks, data, losses, metrics, models, plots, pretrained, training, widgets
from vqedu.metrics import rates
from vqedu.plots import COLORS
from vqedu.pretrained import sweeps
from vqedu.quantizers import VectorQuantizer

RETRAIN = False  # True: train the K = 128 model here (3 minutes on 2 free cores), and one model of the sweeps
images = data.load("mnist")
x_test, y_test = images.test

# %% [markdown]
# ## 1. From VAE to VQ-VAE
#
# The VAE describes an image by a cloud in a continuous space. Notebook 06 gave us a table of $K$ codes, and a rule: replace a vector by the nearest code. Now the two meet.
# One vector an image would be far too coarse, for then only $K$ different images could come out. So the encoder puts out a **map** of $7 \times 7$ vectors, one for each region of the image, and each of the 49 is quantized by the same table.
# With $K = 128$ there are $128^{49}$ different maps.
#
# Maps of vectors are what convolutions make. These two chains play the parts of the two `mlp` of notebook 04. *BatchNorm* keeps the numbers inside the network at one scale, as LayerNorm did there.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 15 minutes.**
# >
# > - **Ask:** "A table of 128 codes and one code an image: how many different images can the decoder draw? And with 49 codes an image?"
# > - **Usually answered:** "128" is quickly found; "49 times as many" follows. It is 128 to the power of 49.
# > - **Show:** The class with its marked lines beside that of notebook 04. Let the room say what replaces the draw of z, and what replaces the KL.


# %%
def conv_encoder(code_dim):
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, stride=2, padding=1),  # (N, 1, 28, 28) -> (N, 16, 14, 14)
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 16, 4, stride=2, padding=1),  # -> (N, 16, 7, 7)
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, code_dim, 3, padding=1),  # -> (N, D, 7, 7)
        nn.BatchNorm2d(code_dim, affine=False),  # each channel of z_e: mean 0, variance 1
    )


# %%
def conv_decoder(code_dim):
    return nn.Sequential(
        nn.Conv2d(code_dim, 16, 3, padding=1),  # (N, D, 7, 7) -> (N, 16, 7, 7)
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 16, 4, stride=2, padding=1),  # -> (N, 16, 14, 14)
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1),  # -> (N, 1, 28, 28)
    )


# %% [markdown]
# Compare with the VAE of notebook 04: **the lines marked `# <-` are all that changes.**


# %%
class VQVAE(nn.Module):
    def __init__(self, codebook_size, code_dim):
        super().__init__()
        self.encoder = conv_encoder(code_dim)  # <- a map of vectors, no mu and no logvar
        self.quantizer = VectorQuantizer(codebook_size, code_dim, update="gradient")  # <- the table
        self.decoder = conv_decoder(code_dim)  # <- takes a map

    def encode(self, x):
        return self.quantizer.nearest(self.encoder(x))  # <- (N, 1, 28, 28) -> indices (N, 7, 7)

    def decode(self, indices):
        return self.decoder(self.quantizer.lookup(indices))  # <- (N, 7, 7) -> codes (N, D, 7, 7) -> logits

    def forward(self, x):
        z_e = self.encoder(x)  # <- one point a position, not a distribution
        z_q, indices, *_ = self.quantizer(z_e)  # <- no draw: the nearest code, gradients straight through
        return self.decoder(z_q), z_e, self.quantizer.lookup(indices)  # <- the loss needs z_e and the codes e


# %% [markdown]
# The loss is equation 3 of van den Oord and others (2017). With $e$ the chosen codes, and $\mathrm{sg}$ the stop-gradient, in code `.detach()`:
#
# $$L = -\log p(x \mid z_q) \;+\; \lVert \mathrm{sg}(z_e) - e \rVert^2 \;+\; \text{cost} \cdot \lVert z_e - \mathrm{sg}(e) \rVert^2 .$$


# %%
def vqvae_loss(logits, x, z_e, e, commitment_cost=0.25):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)  # (N,)
    codebook = (z_e.detach() - e).square().flatten(1).sum(1)  # <- (N,), pulls the codes towards z_e
    commitment = (z_e - e.detach()).square().flatten(1).sum(1)  # <- (N,), pulls z_e towards its code
    return (reconstruction + codebook + commitment_cost * commitment).mean()  # <- no KL


# %% [markdown]
# Where did the KL go? If the prior over the $K$ codes is uniform, and the encoder picks one code for certain, then $\mathrm{KL} = \log K$ at each position, whatever the weights are. It is a constant, so it drops out of the loss.
# It does not drop out of the bill: section 6 pays it, $49 \log_2 K$ bits.
#
# The training loop, with two marked lines again. The cell takes 300 small batches, a few seconds.

# %%
torch.manual_seed(0)
model = VQVAE(codebook_size=128, code_dim=16)
torch.set_grad_enabled(True)  # a later cell switches gradients off
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
for batch in torch.randperm(len(images.train.x))[:19_200].split(64):
    x = images.train.x[batch]
    logits, z_e, e = model(x)  # <-
    loss = vqvae_loss(logits, x, z_e, e)  # <-
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
torch.set_grad_enabled(False)  # from here on only `training.fit` learns


def squared_error(x_hat, x):
    return (x_hat - x).square().mean().item()  # a pixel


x = x_test[:1000]
x_hat = torch.sigmoid(model.eval().decode(model.encode(x)))
print("after 300 steps, squared error below 0.012 a pixel:", squared_error(x_hat, x) < 0.012)

# %% [markdown]
# **What is ours, and what is the paper's.** The paper's codes move by this gradient or, in its appendix, by running averages (EMA). The models that the course ships use EMA, as Razavi and others (2019) do; the second term of the loss is then a number to watch.
# Three things are ours: BatchNorm just before the quantizer, a codebook that starts from data (k-means of the first batch), and codes that are revived when nothing has chosen them for 20 steps. Section 4 shows what each is good for.
# The authors' published code measures the reconstruction by squared error; ours has a Bernoulli variable a pixel, so that all models of the course are measured in the same nats. The docstring of `models.VQVAE` lists every such departure.

# %%
widgets.Quiz("vqvae.map-count", "vqvae.kl", "vqvae.which-e")

# %% [markdown]
# ## 2. Codes you can see
#
# The course ships a VQ-VAE with $K = 128$ codes of $D = 16$ numbers, trained for 30 epochs.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 15 minutes.**
# >
# > - **Ask:** "Which pixels does the index in the middle of the map decide about?"
# > - **Usually answered:** "The 4 x 4 pixels of its cell." It is a patch of 18 x 18: the convolutions of the decoder overlap.
# > - **Show:** The codebook explorer: draw a digit of your own, then swap one code in the middle of a stroke.

# %%
widgets.Prediction("vqvae.better")

# %%
if RETRAIN:
    vqvae, history = pretrained.retrain("vqvae-mnist", images.train)
else:
    vqvae = pretrained.load("vqvae-mnist")
ae = pretrained.load("ae-32d")

x_hat = torch.sigmoid(vqvae(x).logits)
print(f"VQ-VAE:      squared error {squared_error(x_hat, x):.4f} a pixel (expect 0.0026 to 0.0030)")
print(f"autoencoder: squared error {squared_error(torch.sigmoid(ae(x).logits), x):.4f} a pixel")

# %%
out = vqvae(x[:2])
plots.code_maps(
    x[:2].numpy(),
    out.z_e.numpy(),
    out.indices.numpy(),
    x_hat[:2].numpy(),
    "From left to right: 784 pixels, 784 numbers, 49 indices, 784 pixels",
)

# %% [markdown]
# **What we saw.** The 49 indices do better: 343 bits beat 32 floats. The map helps: each index only has to describe its own region, and all regions share one encoder, one table and one decoder.
#
# Follow one row. The encoder's $z_e$ holds 16 numbers at each of 49 positions. At each position the 16 numbers are replaced *as a whole* by the nearest of 128 codes, and only the code's index is kept.
# The white cells hold the map's commonest code. Blank paper looks the same everywhere, so it gets the same few codes.
# (For photographs one map is not enough: Razavi and others stack a coarse map for the shapes and a fine one for the texture.)
#
# **Which pixels does one index decide about?** Swap a single index and see.

# %%
widgets.Prediction("vqvae.patch")

# %%
z = out.indices[:1].clone()  # (1, 7, 7)
before = torch.sigmoid(vqvae.decode(z))
z[0, 3, 3] = out.indices[1, 3, 3]  # the middle cell, with the code that the second image has there
change = (torch.sigmoid(vqvae.decode(z)) - before).abs()[0, 0] > 0
rows, columns = change.any(1).nonzero().flatten(), change.any(0).nonzero().flatten()
print(f"changed: rows {rows.min()} to {rows.max()}, columns {columns.min()} to {columns.max()} of 28")

# %% [markdown]
# A cell stands for 4 x 4 pixels, but the decoder's convolutions let it speak to its neighbours: one index reaches a patch of up to 18 x 18 pixels. So a code is no stamp. What it draws depends on the codes around it.
#
# Now with your hand: pick or draw a digit, point at a cell, click to swap in another code.

# %%
widgets.CodebookExplorer(vqvae, images.test)

# %%
widgets.Quiz("vqvae.where-small", "vqvae.same-index", "vqvae.one-more-layer")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · Put another code in one place
#
# **★☆☆ · 4 minutes.** Return new code maps in which one place of every image holds code $k$. The maps you were given must stay as they are.
#
# **Contract:** `my_swap_code(indices, row, column, k)`: (N, H, W), three whole numbers → a new (N, H, W) with code k at that place of each image; the argument stays as it is.


# %% tags=["starter"]
def my_swap_code(indices, row, column, k):
    indices[:, row, column] = k
    return indices


# %%
checks.swap_code(my_swap_code)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_swap_code(indices, row, column, k):
#     changed = indices.clone()
#     changed[:, row, column] = k
#     return changed
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Bug hunt: channels first
#
# **★★☆ · 8 minutes.** From indices to the decoder's input. The shape is right, and the decoder paints noise. Find the bug and mend it.
#
# **Contract:** `my_lookup(indices, codebook)`: whole numbers (N, H, W), codes (K, D) → z_q (N, D, H, W), channels first. One bug is planted.


# %% tags=["starter"]
def my_lookup(indices, codebook):
    n, h, w = indices.shape
    return codebook[indices].reshape(n, -1, h, w)  # (N, H, W, D) -> (N, D, H, W)


# %%
checks.lookup(my_lookup)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_lookup(indices, codebook):
#     return codebook[indices].movedim(-1, 1)  # (N, H, W, D) -> (N, D, H, W)
# ```
#
# </details>

# %% [markdown]
# ## 3. How many codes are at work? Usage and perplexity
#
# Two numbers watch over a codebook. **Usage** is the share of the $K$ codes that occur at least once. **Perplexity** also asks how evenly they occur. With $p_k$ the share of code $k$ among all indices,
#
# $$\text{perplexity} = \exp\Big(-\sum_k p_k \log p_k\Big),$$
#
# which is $K$ if all codes are used equally often, and 1 if one code is used always. The exponent is the *entropy* of the shares. Read the perplexity as a number of codes: that many codes, all equally common, have the same entropy.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "A log says usage 70%. Is that bad?"
# > - **Usually answered:** "Yes, 30% are dead." It depends on how many images were counted.
# > - **Show:** The curve over the size of the batch, and then the mean over batches beside the number of the data set.


# %%
def perplexity(indices, codebook_size):
    p = torch.bincount(indices.flatten(), minlength=codebook_size) / indices.numel()  # (K,)
    return torch.special.entr(p).sum().exp()  # entr(p) is -p log p, and 0 at p = 0


# %%
widgets.Prediction("vqvae.batch")

# %%
indices = torch.cat([vqvae.encode(part) for part in x_test.split(1000)])  # (10000, 7, 7)
counts = [1, 2, 4, 8, 16, 32, 64, 128, 1000, 10_000]
used = [metrics.code_usage(indices[:n], 128).item() * 128 for n in counts]
spread = [perplexity(indices[:n], 128).item() for n in counts]
for n in (1, 8, 128, 10_000):
    print(f"{n:6,} images: {used[counts.index(n)]:3.0f} codes used, perplexity {spread[counts.index(n)]:2.0f}")

# %%
plots.lines(
    {"codes used": (counts, used), "perplexity": (counts, spread), "K = 128": ([1, 10_000], [128, 128])},
    "A small batch cannot use all codes, and its perplexity is too low as well",
    "images in the batch",
    "codes",
    colors={"codes used": COLORS["codebook"], "perplexity": COLORS["encoder"], "K = 128": COLORS["data"]},
    xscale="log",
    marker="o",
    dashed=["K = 128"],
)

# %% [markdown]
# **What we saw.** Every code is at work in the data set, but not in a batch of 8. So "usage 71%" in somebody's log says nothing about dead codes until you know how many images stand behind it.
# The perplexity of the data set is less than half of $K$, because some codes, above all those of blank paper, are far more common than others. And it is not the mean of the batches' perplexities:

# %%
batches = [perplexity(batch, 128).item() for batch in indices.split(8)]
print(f"perplexity, mean over batches of 8: {sum(batches) / len(batches):.0f}; of all test images: {spread[-1]:.0f}")
assert torch.equal(perplexity(indices, 128), metrics.perplexity(indices, 128))

# %%
widgets.Quiz("vqvae.half-used", "vqvae.log-line", "vqvae.two-batches")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · How many codes are really in use
#
# **★★☆ · 8 minutes.** From memory, without a look at the cell above: the perplexity of all indices together. Mind the base of the logarithm, and codes that never occur.
#
# **Contract:** `my_perplexity(indices, K)`: whole numbers (N, H, W), a number → one number: exp of the entropy, in nats, of the shares of the K codes.


# %% tags=["starter"]
def my_perplexity(indices, K):
    return ...


# %%
checks.perplexity(my_perplexity)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_perplexity(indices, K):
#     shares = torch.bincount(indices.flatten(), minlength=K) / indices.numel()
#     return torch.special.entr(shares).sum().exp()  # entr(p) = -p log p, 0 at p = 0
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Break it: the same perplexity, and noise
#
# **★★☆ · 6 minutes.** Usage and perplexity only count. Change code maps so that both stay exactly the same, and the pictures become noise.
#
# **Contract:** `my_scramble(indices)`: code maps (N, H, W) → code maps with the same codes in each image, and so the same usage and perplexity, whose pictures are noise.


# %% tags=["starter"]
def my_scramble(indices):
    return indices


# %%
checks.scramble(my_scramble)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_scramble(indices):
#     flat = indices.flatten(1)  # (N, H W)
#     return flat[:, torch.randperm(flat.shape[1])].view_as(indices)
# ```
#
# </details>

# %% [markdown]
# ## 4. Kill a codebook, and bring it back
#
# A code that is never chosen gets no gradient, so it never moves, so it is never chosen. This is **codebook collapse**. To provoke it, start the codes far away: $N(0, 10^2)$ in 16 dimensions puts them at a distance of about 40 from the origin, while all $z_e$ lie close to it. One code happens to be the nearest for everything.
#
# We train the same network five times, 300 small batches each, and add one cure at a time.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 20 minutes.**
# >
# > - **Ask:** "Which of the four cures helps a code that is already dead?"
# > - **Usually answered:** "EMA" or "a better start". Only revival does: a dead code has no vectors whose mean it could follow.
# > - **Show:** The codebook lab: far start, gradient, everything off. Wait for one code, then switch revival on while it trains.

# %%
sick = dict(update="gradient", start="uniform", revive_after=None, normalize=False)
ladder = {
    "far start, gradient": sick,
    "+ revival": sick | dict(revive_after=20),
    "+ EMA": dict(update="ema", start="uniform", revive_after=20, normalize=False),
    "+ start from data": dict(update="ema", start="data", revive_after=20, normalize=False),
    "+ normalization": dict(update="ema", start="data", revive_after=20, normalize=True),
}


# %%
def train_300(switches, seed=0):
    torch.manual_seed(seed)
    model = models.VQVAE(128, 16, **switches)
    if switches["start"] == "uniform":
        model.quantizer.set_codebook(10 * torch.randn(128, 16))
    training.fit(
        model, images.train.x[:9600], epochs=1, batch_size=32, learning_rate=2e-3, schedule="constant", background=True
    )
    return model


# %%
widgets.Prediction("vqvae.sick")

# %%
patients = {name: train_300(switches) for name, switches in ladder.items()}
maps = {name: patient.encode(x) for name, patient in patients.items()}
used = {name: round(metrics.code_usage(z, 128).item() * 128) for name, z in maps.items()}
error = {name: squared_error(torch.sigmoid(patients[name].decode(z)), x) for name, z in maps.items()}

# %%
healthy = list(ladder)[1:]
print("without a cure exactly one code is used:", used["far start, gradient"] == 1)
print("revival alone brings back at least 95%: ", used["+ revival"] >= 0.95 * 128)
print("with all four at least 95% are used:    ", used["+ normalization"] >= 0.95 * 128)
print("each cure lowers the squared error:     ", sorted(error.values(), reverse=True) == list(error.values()))

# %% tags=["nbval-ignore-output"]
for name in ladder:
    print(
        f"{name:20s} {used[name]:3d} of 128 codes, perplexity {perplexity(maps[name], 128):3.0f}, error {error[name]:.4f}"
    )

# %%
rows = {"$x$": x[:9].numpy()}
rows |= {name: torch.sigmoid(patients[name].decode(z[:9])).numpy() for name, z in maps.items()}
plots.image_grid(
    rows, "One code for all says nothing; revival lets the codes speak again, the other cures sharpen them"
)

# %% [markdown]
# **What we saw.** What each cure does:
#
# - **Revival** puts a dead code onto a vector $z_e$ of the present batch. It is the only one of the four that helps a code *after* it has died. It alone brings the usage back.
# - **EMA** moves each code towards the mean of the vectors that chose it, a fixed part of the way. The gradient points to the same mean, but the length of its step is a matter of the optimizer, whose learning rate was chosen for the networks.
# - **Start from data** puts the codes where the vectors are, so hardly any is dead at the beginning.
# - **Normalization**, the BatchNorm before the quantizer, gives $z_e$ a fixed size. The encoder can then neither run away from the codes nor shrink to please the commitment loss.
#
# Usage alone does not tell them apart: from revival on nearly all codes are used, and yet the error falls by more than half. And not every order works. After revival and EMA, normalization *without* the start from data makes the error larger; see for yourself with the function above.
# A start from data alone also saves most codes of this small model. In longer training the encoder moves away from where it started, and some die.
#
# Now live. The lab stands at *N(0, 10²)*, *gradient*, revival *off* and normalization *off*. Press **Start**, and watch the orange crosses. Then switch revival on while it trains.

# %%
widgets.CodebookLab(images, start="far", update="gradient", revive=False, normalize=False)

# %%
widgets.Quiz("vqvae.one-picture", "vqvae.in-use", "vqvae.first-aid")

# %% [markdown]
# ## 5. How many codes, how long, how committed?
#
# $K$, $D$ and the commitment cost are chosen by hand. To see what they do, one trains many networks. That takes minutes, so it was done beforehand:
# `python tests/benchmarks/vqvae_sweeps.py` trains each network for 2 epochs with one seed and writes the results down, and here we read them. `RETRAIN` trains one of them again.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "What would you raise first if the images are too blurred: K or D?"
# > - **Usually answered:** "Both." D changes hardly anything: the bits are in K.
# > - **Show:** Let the room sketch the curve over K first; then the three panels.

# %%
widgets.Prediction("vqvae.more-codes")

# %%
widgets.Prediction("vqvae.long-codes")

# %%
results = sweeps.load()
if RETRAIN:
    small = models.VQVAE(codebook_size=32, code_dim=16)
    training.fit(small, images.train, epochs=2, learning_rate=4e-3)
    print(f"K = 32, trained here: squared error {metrics.reached(small, images.test.x).squared_error:.4f}")


def curve(name, **changes):
    runs = sweeps.select(results, **changes)
    return [run[name] for run in runs], [run["squared_error"] for run in runs]


K = curve("codebook_size", codebook_size=(2, 8, 32, 128, 512, 2048))
D = curve("code_dim", code_dim=(1, 2, 4, 8, 16, 64))
costs = (0.0, 0.05, 0.25, 1.0, 5.0, 25.0)
cost = {on: curve("commitment_cost", commitment_cost=costs, normalize=on) for on in (True, False)}
_, seeds = curve("seed", seed=(0, 1, 2))
print(f"three seeds of K = 128, D = 16: {', '.join(f'{error:.4f}' for error in seeds)}")

# %%
plots.panels(
    {
        "codebook size K": {"D = 16": K},
        "code dimension D": {"K = 128": D},
        "commitment cost": {"normalized $z_e$": cost[True], "not normalized": cost[False]},
    },
    "More codes always help; longer codes do not; the commitment cost has a wide best range",
    "squared error a pixel",
    colors={"D = 16": "codebook", "K = 128": "codebook", "normalized $z_e$": "encoder", "not normalized": "warning"},
    xscales={"commitment cost": "symlog"},
)

# %% [markdown]
# **What we saw.** More codes help at every step, but each factor of 4 costs 98 bits an image and buys less than the one before.
#
# The length of the codes hardly matters: one number is too few, from 2 to 16 the differences are hardly larger than those between seeds, and 64 are worse than 2. The bits of an index do not depend on $D$.
#
# The commitment cost has two different jobs. *Without* normalization it sets the size of $z_e$: at cost 0 the encoder runs away from its codes, at a high cost it makes itself small and is committed for free. *With* normalization the size is fixed, so a high cost must be paid in errors.
# After 2 epochs the best points of both curves are equally good. Normalization is no better optimum; it is a faster start, and a runaway cannot happen.

# %%
for run in sweeps.select(results, commitment_cost=(0.0, 0.25, 25.0), normalize=False):
    print(f"not normalized, cost {run['commitment_cost']:5.2f}: mean length of z_e {run['z_e_length']:.3g}")

# %%
widgets.Quiz("vqvae.longer-codes", "vqvae.shrinking", "vqvae.seed-noise")

# %% [markdown]
# ## 6. What does an image cost?
#
# A code map is a file: 49 indices of $\log_2 K$ bits each. The image it stands for had 784 pixels of 8 bits.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "At the same 343 bits, who wins: JPEG, PNG or the VQ-VAE?"
# > - **Usually answered:** "The network, of course." Against JPEG by far; at 476 bits PNG with four greys is better than both of our models.
# > - **Show:** The rows of images, then the file sizes. Ask what the network knows that JPEG does not, and who pays for its weights.

# %%
vqvae512 = pretrained.load("vqvae-mnist-512")
shipped = {128: vqvae, 512: vqvae512}
vq_error = {size: squared_error(torch.sigmoid(network(x).logits), x) for size, network in shipped.items()}
print(f"raw pixels: {784 * 8} bits")
for size, error_ in vq_error.items():
    bits = 49 * math.log2(size)
    print(f"K = {size}: {bits:.0f} bits, {784 * 8 / bits:.0f} times fewer; squared error {error_:.4f} a pixel")

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · What an image costs
#
# **★☆☆ · 3 minutes.** How many bits does an image take, if each place of its code map is stored as one of $K$ indices of equal length?
#
# **Contract:** `my_image_bits(K, height, width)`: three whole numbers → the bits of an image whose height x width codes are stored with equal length, one of K codes at each place.


# %% tags=["starter"]
def my_image_bits(K, height, width):
    return K * height * width


# %%
checks.image_bits(my_image_bits)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_image_bits(K, height, width):
#     return height * width * math.log2(K)
# ```
#
# </details>

# %% [markdown]
# All indices of one length is wasteful, for some codes are far more common than others. If index $k$ may take $-\log_2 p_k$ bits (Shannon), common codes become short. An *arithmetic coder* comes within a few bits of that.
# It is better still to count the shares $p_k$ at each of the 49 positions on its own: corners are nearly always paper. The shares are counted on training images, and the bill is for test images.

# %%
seen = vqvae.encode(images.train.x[:10_000])
z = vqvae.encode(x)
paid = {
    "one length for all": rates.fixed_length(128),
    "by the codes' shares": rates.by_shares(z, rates.shares(seen, 128)).mean().item(),
    "by their shares at each position": rates.by_shares(z, rates.shares(seen, 128, by_position=True)).mean().item(),
}
for name, bits in paid.items():
    print(f"{bits:4.0f} bits an image, {name}")

# %% [markdown]
# Notebook 08 goes on from here: a network that predicts each index from those before it makes the bill smaller again.
#
# **A fair match.** A JPEG of one digit, at the quality we need, is header and tables for four fifths. So we put all 1,000 images onto one sheet and divide the size of the file by 1,000. We choose the JPEG quality whose file is nearest to 343 bits an image.
# PNG loses nothing; to make it smaller we round the grey levels to 4 or 2 first.

# %%
widgets.Prediction("vqvae.jpeg")

# %%
jpegs = {quality: rates.jpeg(x, quality) for quality in (1, 3, 5, 10, 20, 30, 50, 75, 90)}
pngs = {levels: rates.png(x, levels) for levels in (2, 3, 4, 16, 256)}
jpeg = min(jpegs.values(), key=lambda file: abs(file.bits - 343))
match = {"JPEG": jpeg, "PNG, 2 grey levels": pngs[2], "PNG, 4 grey levels": pngs[4], "PNG, all": pngs[256]}
print(f"VQ-VAE: 343 bits, squared error {vq_error[128]:.4f}")
print("JPEG within 10 bits of that:", abs(jpeg.bits - 343) < 10)
print("JPEG's error is more than 3 times the VQ-VAE's:", squared_error(jpeg.images, x) > 3 * vq_error[128])

# %% tags=["nbval-ignore-output"]
for name, file in match.items():
    print(f"{name:19s} {file.bits:5.0f} bits, squared error {squared_error(file.images, x):.4f}")

# %%
rows = {"$x$: 6,272 bits": x[:9].numpy(), "VQ-VAE: 343 bits": x_hat[:9].numpy()}
rows |= {f"{name}: {match[name].bits:.0f} bits": match[name].images[:9].numpy() for name in list(match)[:3]}
plots.image_grid(rows, "At equal size JPEG blurs and rings; black and white PNG loses the soft edges")

# %% [markdown]
# **What we saw.** At equal size the VQ-VAE is much nearer than JPEG. But look at PNG with 4 grey levels: 476 bits, and an error that neither of our models reaches. Digits are nearly black and white, with long runs of paper, and that is what PNG is made for. On photographs it would not stand a chance.
# Nor is the match quite fair to PNG and JPEG: they know nothing of digits, while our decoder does. Its weights are a cost too: the network's file has 42 kB, 34 bits an image if 10,000 images share it.

# %%
widgets.Quiz("vqvae.equal-shares", "vqvae.by-place", "vqvae.hundred-digits")

# %% [markdown]
# ## 7. Rate and distortion: all models on one axis
#
# Notebook 05 drew rate against distortion for the VAE. Now we can put everything on one axis. What is the rate?
#
# - **VQ-VAE:** $49 \log_2 K$ bits.
# - **Autoencoder:** a float has no natural number of bits. So we really round the 32 numbers to $2^b$ levels each, decode, and measure: $32\, b$ bits.
# - **VAE, rounded:** the same with $\mu$, for the 25 numbers only that are active (notebook 04).
# - **VAE, KL:** the KL in bits, with a drawn $z$. No file of that size lies on the disk; it is the least that a code with this $q(z \mid x)$ and the prior can do, and schemes such as *bits back* come close to it.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "What is the rate of a plain autoencoder?"
# > - **Usually answered:** "32 numbers" or "1,024 bits". A float is no honest unit: round it, decode, and see what was needed.
# > - **Show:** The figure with all curves. Ask where each method ends: the autoencoder when its 32 numbers have nothing more to say.

# %%
widgets.Prediction("vqvae.round")


# %%
def rounded_curve(z, like, decode, bits=range(1, 9)):
    images_ = [torch.sigmoid(decode(rates.rounded(z, like, b))) for b in bits]
    return [z.shape[1] * b for b in bits], [squared_error(image, x) for image in images_]


# %%
few = images.train.x[:10_000]  # tells the range of each number
ae_curve = rounded_curve(ae.encode(x), ae.encode(few), ae.decode)

vae = pretrained.load("vae-50d")
mu, logvar = vae.encode(x)
mu_few, _ = vae.encode(few)
active = (mu_few.var(0) > 0.01).nonzero().flatten()


def decode_active(z):
    return vae.decode(torch.zeros(len(z), 50).index_copy(1, active, z))  # the silent numbers stay 0, and cost nothing


vae_curve = rounded_curve(mu[:, active], mu_few[:, active], decode_active)

# %%
torch.manual_seed(0)
kl_bits = losses.kl_to_standard_normal(mu, logvar).mean().item() / math.log(2)
vae_point = ([kl_bits], [squared_error(torch.sigmoid(vae(x).logits), x)])
print(f"VAE: KL {kl_bits:.0f} bits, squared error {vae_point[1][0]:.4f}")
for b in (2, 3, 4, 5, 8):
    print(f"autoencoder, {b} bits a number: {32 * b} bits, squared error {ae_curve[1][b - 1]:.4f}")

# %%
greys = (2, 3, 4, 16)
curves = {
    "VAE: KL": vae_point,
    "VAE: rounded": vae_curve,
    "autoencoder: rounded": ae_curve,
    "VQ-VAE, 2 epochs: 49 log2 K": ([49 * math.log2(size) for size in K[0]], K[1]),
    "VQ-VAE, shipped: 49 log2 K": ([343, 441], [vq_error[128], vq_error[512]]),
    "VQ-VAE, shipped: by position": ([paid["by their shares at each position"]], [vq_error[128]]),
    "JPEG": ([file.bits for file in jpegs.values()], [squared_error(file.images, x) for file in jpegs.values()]),
    "PNG, fewer greys": ([pngs[n].bits for n in greys], [squared_error(pngs[n].images, x) for n in greys]),
}

# %%
inks = ["prior", "prior", "encoder", "codebook", "codebook", "codebook", "data", "#777777"]
plots.rate_distortion(
    curves,
    "Rounded vectors below 200 bits, then the VQ-VAE; from about 450 bits on, PNG",
    dict(zip(curves, inks)),
    dashed=["VAE: KL", "VQ-VAE, 2 epochs: 49 log2 K", "VQ-VAE, shipped: by position"],
    lossless={"raw": 6272, "PNG": pngs[256].bits},
)

# %% [markdown]
# **What we saw.** The autoencoder's numbers need about 5 bits each: 160 bits an image, not 1,024, for a tenth more error. After that its curve is flat, for finer steps cannot bring back what the 32 numbers never held.
# Below some 200 bits, the rounded vectors do better than the small VQ-VAEs of section 5. (Those had 2 epochs, the autoencoder 20 and the VAE 200; the comparison favours the vectors.) The VQ-VAE goes on where they stop. With indices coded by position, its 225 bits give less error than any rounding of the 32 numbers. (Those could be coded by their shares too, and would save some bits, but no error.)
# The VAE's KL is far below every other point at the left: a drawn $z$ is a *noisy* code, and a noisy code takes fewer bits than an exact one. No rounding reaches it, which is why bits back was invented.

# %%
widgets.Quiz("vqvae.flat-end", "vqvae.noisy-code", "vqvae.hundred-bits")

# %% [markdown]
# ## Summary
#
# - A VQ-VAE is an autoencoder whose code is a map of indices into a table. Compared with the VAE: no $\mu$, no `logvar`, no draw, no KL; a quantizer and two more terms in the loss.
# - One index decides about a patch of pixels, together with its neighbours.
# - Usage and perplexity depend on how many images they are taken over.
# - A far start kills a codebook. Revival brings codes back; EMA, a start from data and normalization make them good.
# - A map costs $49 \log_2 K$ bits, and less if common codes are shorter. At equal size it beats JPEG on digits by far.
#
# ## Three questions to answer from memory

# %%
widgets.Quiz("vqvae.changed-lines", "vqvae.four-images", "vqvae.map-bits")

# %% [markdown]
# **Next:** random indices decode to noise. [08 A prior over codes](08_prior_over_codes.ipynb) learns which maps are likely, and generates digits.
