# %% [markdown]
# # 07 · The VQ-VAE: an image as 49 whole numbers
#
# Here is a digit, and beside it the 49 whole numbers into which a trained VQ-VAE turns it. From these numbers alone, the decoder draws the image on the right. Point at a cell to see which code it has and where else that code occurs. Click a cell and then one of the nearest codes to put that code there, or draw a digit of your own.

# %% [markdown] tags=["slide-45"]
# ## An image in 49 whole numbers: swap one
#
# Note: **Ask:** 'Which pixels does the index in the middle of the map affect?' Usually answered: 'those of its cell'. Click a cell, then one of its nearest codes: a much larger patch changes, because the convolutions overlap.

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
vqvae, history = pretrained.retrain("vqvae-mnist", images.train) if RETRAIN else (pretrained.load("vqvae-mnist"), None)
widgets.CodebookExplorer(vqvae, images.test)

# %% [markdown]
# Each of the numbers is below 128, so it takes 7 bits, and the whole image takes 343. How does a network learn to describe images this way? How good are these descriptions, given how short they are? And what do you get if you write 49 numbers of your own?
#
# **After this notebook you can**
#
# - turn the VAE of notebook 04 into a VQ-VAE, write its loss with both stop-gradients, and train it,
# - say which pixels one index depends on, and which pixels it changes,
# - judge a codebook by usage and perplexity without being misled by the batch size,
# - bring dead codes back to life, and say what each remedy does,
# - count the bits that an image takes, and compare them fairly with PNG, JPEG, an autoencoder, and a VAE.
#
# **Time:** 75 minutes, and 60 for the exercises, of which the last takes 35. **Builds on:** [04 The VAE](04_vae.ipynb) and [06 Vector quantization](06_vector_quantization.ipynb). **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("vector_quantization.position", "vector_quantization.two-terms", "vector_quantization.where-kl")

# %% [markdown]
# ## 1. From VAE to VQ-VAE
#
# In the VAE, the encoder describes an image by a Gaussian, and the decoder receives a sample from it. In the VQ-VAE, the encoder computes vectors, and for each of them the decoder receives the nearest code from a table. You know this picture from notebook 06:

# %% [markdown] tags=["slide-45"]
# ## The VQ-VAE, and where each gradient goes

# %%
plots.quantizer_gradients("From notebook 06: the VQ-VAE and the gradients of its three losses")

# %% [markdown]
# One vector per image would be far too coarse, because then the decoder could draw only $K$ different images. So the encoder computes a **map** of $7 \times 7$ vectors, one for each region of the image, and all 49 are quantized with the same table. With $K = 128$ there are $128^{49}$ different code maps.
#
# Convolutions compute exactly such maps, so we build both networks from them. With stride 2, a convolution halves height and width, and a transposed convolution (`ConvTranspose2d`) doubles them again. *BatchNorm* keeps the activations at a fixed scale, as LayerNorm did in notebook 01.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "With a table of 128 codes and one code per image, how many different images can the decoder draw? And with 49 codes per image?"
# > - **Usually answered:** "128", and then "49 times as many". The right answer is 128 to the power of 49.
# > - **Show:** The class below beside that of notebook 04. Let the room say what has replaced the sampling of z, and what has replaced the KL.


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
# The model puts the quantizer between the two networks. Read `forward` together with the picture: encoder, nearest code, decoder.


# %%
class VQVAE(nn.Module):
    def __init__(self, codebook_size, code_dim):
        super().__init__()
        self.encoder = conv_encoder(code_dim)
        self.quantizer = VectorQuantizer(codebook_size, code_dim, update="gradient")
        self.decoder = conv_decoder(code_dim)

    def encode(self, x):
        return self.quantizer.nearest(self.encoder(x))  # (N, 1, 28, 28) -> indices (N, 7, 7)

    def decode(self, indices):
        return self.decoder(self.quantizer.lookup(indices))  # (N, 7, 7) -> codes (N, D, 7, 7) -> logits

    def forward(self, x):
        z_e = self.encoder(x)
        z_q, indices, *_ = self.quantizer(z_e)  # the nearest codes, with straight-through gradients
        return self.decoder(z_q), z_e, self.quantizer.lookup(indices)  # logits, z_e, and the codes e for the loss


# %% [markdown]
# The loss is equation 3 of van den Oord and others (2017), as in notebook 06. Here $e$ stands for the chosen codes, $\mathrm{sg}[\cdot]$ for the stop-gradient, which is `.detach()` in code, and $\text{cost}$ for the commitment cost (the paper's $\beta$):
#
# $$L = -\log p(x \mid z_q) \;+\; \lVert \mathrm{sg}[z_e] - e \rVert^2 \;+\; \text{cost} \cdot \lVert z_e - \mathrm{sg}[e] \rVert^2 .$$


# %%
def vqvae_loss(logits, x, z_e, e, commitment_cost=0.25):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)  # (N,)
    codebook = (z_e.detach() - e).square().flatten(1).sum(1)  # (N,), pulls the codes toward z_e
    commitment = (z_e - e.detach()).square().flatten(1).sum(1)  # (N,), pulls z_e toward its code
    return (reconstruction + codebook + commitment_cost * commitment).mean()


# %% [markdown]
# There is no KL. With a uniform prior over the codes the KL is $\log K$ at each position, whatever the weights are, so it has no gradient. It returns in section 6, as the $49 \log_2 K$ bits that an image takes.
#
# The training loop is the one from notebook 04. It runs for 300 steps on batches of 64 images, which takes about ten seconds.

# %%
torch.manual_seed(0)
model = VQVAE(codebook_size=128, code_dim=16)
torch.set_grad_enabled(True)  # a later cell switches gradients off
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
for batch in torch.randperm(len(images.train.x))[:19_200].split(64):
    x = images.train.x[batch]
    logits, z_e, e = model(x)
    loss = vqvae_loss(logits, x, z_e, e)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% tags=["nbval-ignore-output"]
torch.set_grad_enabled(False)  # from here on only `training.fit` needs gradients


def squared_error(x_hat, x):
    return (x_hat - x).square().mean().item()  # per pixel


x = x_test[:1000]
x_hat = torch.sigmoid(model.eval().decode(model.encode(x)))
print(f"after 300 steps: squared error {squared_error(x_hat, x):.3f} per pixel")

# %% [markdown]
# **Where we depart from the original paper.** There, the codes are moved by the gradient of the codebook loss or, in the appendix, by moving averages. The models that come with the course use moving averages, as Razavi and others (2019) do. Three further practices are not in the original paper but have become common:
#
# - BatchNorm just before the quantizer (Łańcucki and others 2020),
# - a codebook that is initialized from data (Łańcucki and others 2020; SoundStream, Zeghidour and others 2021, uses k-means on the first batch, as we do),
# - revival of codes that have not been chosen for a while (random restarts in Jukebox, Dhariwal and others 2020; also in SoundStream).
#
# Section 4 shows what each of them does. In the code that the authors of the original paper published, the reconstruction loss is a squared error. Ours is the cross-entropy of notebooks 01 and 04, which is the negative log-likelihood of a Bernoulli distribution, so the reconstruction losses of all three notebooks are in nats and can be compared.

# %%
widgets.Quiz("vqvae.which-e")

# %% [markdown]
# ## 2. What a code depends on and what it draws
#
# Now to the trained model: $K = 128$ codes of $D = 16$ numbers, trained for 30 epochs. Is it any good? For comparison, notebook 01 compressed an image to 32 floats, which take 1,024 bits.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "Which pixels does the index in the middle of the map affect?"
# > - **Usually answered:** "The 4 x 4 pixels of its cell." In fact it affects a patch of 18 x 18 pixels, because the convolutions of the decoder overlap.
# > - **Show:** The explorer at the top: draw a digit, then swap one code in the middle of a stroke.

# %%
widgets.Prediction("vqvae.better")

# %%
ae = pretrained.load("ae-32d")
x_hat = torch.sigmoid(vqvae(x).logits)
unquantized = {run["code_dim"]: run for run in sweeps.unquantized()}  # each trained for 2 epochs
print(
    f"VQ-VAE, 343 bits:                 squared error {squared_error(x_hat, x):.4f} per pixel (expect 0.0026 to 0.0030)"
)
print(f"autoencoder of notebook 01:       squared error {squared_error(torch.sigmoid(ae(x).logits), x):.4f}")
print(f"this network without a quantizer: squared error {unquantized[16]['squared_error']:.4f}")

# %% [markdown]
# Fewer bits and a smaller error: this looks like a triumph of the codebook, but it is not a fair comparison. Notebook 01 used fully connected layers, and here we have convolutions, which suit images better. The last line is the missing baseline: the same convolutional encoder and decoder *without* a quantizer, so that the decoder sees all $49 \cdot 16 = 784$ floats. After only 2 epochs, compared with 30 for the VQ-VAE, its error is little more than half as large: 0.0015 against 0.0027. (One seed, measured on all 10,000 test images; `python tests/benchmarks/unquantized.py` trains it.)
# So the small error is not due to the codebook. On the contrary, quantization *costs* something, as it must, because 343 bits can carry less information than 784 floats. The interesting comparison is at an equal number of bits, and section 7 makes it.

# %% [markdown] tags=["slide-90"]
# ## 784 pixels, 784 numbers, 49 indices, 784 pixels

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
# Follow one row. The encoder's $z_e$ has 16 numbers at each of 49 positions. At each position the 16 numbers are replaced *as a whole* by the nearest of 128 codes, and only the index of that code is kept. The white cells contain the most common code of the map.
# (For photographs, Razavi and others (2019) use two maps, a coarse one for the shapes and a fine one for the texture.)
#
# You might expect all cells of blank paper to get the same code. They do not:

# %%
blank = F.max_pool2d(x, 4)[:, 0] == 0  # (1000, 7, 7): the 4 x 4 pixels of the cell are all 0
counts = torch.bincount(vqvae.encode(x)[blank], minlength=128)
print(
    f"{blank.sum():,} blank cells use {(counts > 0).sum()} codes; "
    f"the most common one accounts for {counts.max() / counts.sum():.0%} of them"
)

# %% [markdown]
# The reason is the **receptive field** of a vector: the pixels that it depends on. Let us measure it for the vector in the middle of the map: a pixel belongs to it if the derivative of the vector with respect to that pixel is not 0. Then we replace the vector's code and see which pixels of the decoded image change.

# %% [markdown] tags=["slide-90"]
# ## One index changes. How many pixels follow?

# %%
widgets.Prediction("vqvae.patch")


# %%
def extent(marked):
    rows, columns = marked.any(1).nonzero().flatten(), marked.any(0).nonzero().flatten()
    return f"rows {rows.min()} to {rows.max()} and columns {columns.min()} to {columns.max()} (of 0 to 27)"


with torch.enable_grad():
    pixels = x[:1].clone().requires_grad_()
    vqvae.encoder(pixels)[0, :, 3, 3].sum().backward()
print("the vector depends on:", extent(pixels.grad[0, 0] != 0))

z = out.indices[:1].clone()  # (1, 7, 7)
before = torch.sigmoid(vqvae.decode(z))
z[0, 3, 3] = out.indices[1, 3, 3]  # the middle cell, with the code that the second image has there
print("its code changes:     ", extent((torch.sigmoid(vqvae.decode(z)) - before).abs()[0, 0] > 0))

# %% [markdown]
# Both patches are 18 x 18 pixels, although the cell itself is only 4 x 4. You can work this out, backward through the encoder or forward through the decoder: the 3 x 3 convolution spans 3 positions, and each of the two layers with kernel 4 and stride 2 turns a width of $w$ into $2 (w - 1) + 4$, so 3 becomes 8 and then 18. The code of a blank cell can therefore carry information about its neighborhood, for example that a stroke begins just to the right. In the decoder, each code affects the pixels of neighboring cells. A code is not a stamp: what it draws depends on the codes around it.

# %%
widgets.Quiz("vqvae.one-more-layer")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · Bug hunt: channels first
#
# **★★☆ · 8 minutes.** This function turns indices into the input of the decoder. The shape of its output is right, but the contents are not. Find the bug and fix it.
#
# **Contract:** `my_lookup(indices, codebook)`: whole numbers (N, H, W), codes (K, D) → z_q (N, D, H, W), channels first. The code below contains one bug.


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
# ## 3. How many codes are in use? Usage and perplexity
#
# Two numbers are commonly used to judge how healthy a codebook is. **Usage** is the share of the $K$ codes that occur at least once. **Perplexity** also takes into account how evenly they occur. With $p_k$ the share of code $k$ among all indices,
#
# $$\text{perplexity} = \exp\Big(-\sum_k p_k \log p_k\Big),$$
#
# which is $K$ if all codes are equally common, and 1 if only one of them ever occurs. The exponent is the *entropy* of the shares, so the perplexity is the number of equally common codes that would have the same entropy. `metrics.perplexity` computes it; in exercise 2 you write it yourself.
#
# Both numbers are usually logged for one batch at a time. Is that a problem?

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "A log reports a usage of 70%. Is that bad?"
# > - **Usually answered:** "Yes, 30% of the codes are dead." That depends on how many images were counted.
# > - **Show:** The curve over the batch size.

# %%
widgets.Prediction("vqvae.batch")

# %%
indices = torch.cat([vqvae.encode(part) for part in x_test.split(1000)])  # (10000, 7, 7)
sizes = [1, 2, 4, 8, 16, 32, 64, 128, 1000, 10_000]
used, spread = [], []
for n in sizes:
    batches = [batch for batch in indices.split(n) if len(batch) == n][:100]  # at most 100 batches of this size
    used.append(sum(metrics.code_usage(batch, 128).item() * 128 for batch in batches) / len(batches))
    spread.append(sum(metrics.perplexity(batch, 128).item() for batch in batches) / len(batches))
for n in (2, 8, 128, 10_000):
    print(
        f"{n:6,} images: {used[sizes.index(n)]:3.0f} codes used, perplexity {spread[sizes.index(n)]:2.0f}, on average"
    )

# %%
plots.lines(
    {"codes used": (sizes, used), "perplexity": (sizes, spread), "K = 128": ([1, 10_000], [128, 128])},
    "A small batch does not show all codes, and its perplexity is too low as well",
    "images in the batch",
    "codes (mean over batches)",
    colors={"codes used": COLORS["codebook"], "perplexity": COLORS["encoder"], "K = 128": COLORS["data"]},
    xscale="log",
    marker="o",
    dashed=["K = 128"],
)

# %% [markdown]
# Over all 10,000 images every code is in use, but a batch of 8 uses only 95 of the 128 on average, although it has three times as many positions as there are codes. So a usage of 75% in a log says nothing about dead codes until you know how many images were counted. Perplexities, too, can be compared only if they were computed from the same number of images. The perplexity of all 10,000 images is 58, less than half of $K$, because some codes are far more common than others.

# %%
widgets.Quiz("vqvae.log-line")

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Write the perplexity
#
# **★★☆ · 8 minutes.** Compute the perplexity of all indices together, from the formula above. Two things are easy to get wrong: the base of the logarithm, and codes that never occur.
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
#     return torch.special.entr(shares).sum().exp()  # entr(p) = -p log p, and 0 at p = 0
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Break it: the same perplexity, but noise
#
# **★★☆ · 6 minutes.** Usage and perplexity only count how often each code occurs. Change the code maps so that both numbers stay exactly the same but the pictures become noise.
#
# **Contract:** `my_scramble(indices)`: code maps (N, H, W) → code maps that have the same codes in each image, and so the same usage and perplexity, but decode to noise.


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
# In notebook 06 a code that no vector chose stayed dead. The same happens here. If it happens to nearly all codes, it is called **codebook collapse**. To provoke it, we start the codes far away: $N(0, 10^2)$ in 16 dimensions puts them at a distance of about $10 \sqrt{16} = 40$ from the origin, while the $z_e$ are much closer to it (the codebook lab below shows both).
#
# We train the same network five times, each time for 300 small batches with the same seed, and add one remedy at a time.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 15 minutes.**
# >
# > - **Ask:** "Which of the four remedies helps a code that is already dead?"
# > - **Usually answered:** "EMA" or "a better start". Only revival does: a dead code has no vectors whose mean it could move toward.
# > - **Show:** The codebook lab: far start, gradient, everything off. Press Start, see that only one code is in use, then switch revival on while it trains.

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
    patient = models.VQVAE(128, 16, **switches)
    if switches["start"] == "uniform":
        patient.quantizer.set_codebook(10 * torch.randn(128, 16))
    few = images.train.x[:9600]
    training.fit(
        patient, few, epochs=1, batch_size=32, learning_rate=2e-3, schedule="constant", seed=seed, background=True
    )
    return patient


# %%
widgets.Prediction("vqvae.sick")

# %% tags=["nbval-ignore-output"]
patients = {name: train_300(switches) for name, switches in ladder.items()}
maps = {name: patient.encode(x) for name, patient in patients.items()}
for name, z in maps.items():
    count, error = len(z.unique()), squared_error(torch.sigmoid(patients[name].decode(z)), x)
    print(f"{name:20s} {count:3d} of 128 codes, perplexity {metrics.perplexity(z, 128):3.0f}, error {error:.4f}")

# %%
rows = {"$x$": x[:9].numpy()}
rows |= {name: torch.sigmoid(patients[name].decode(z[:9])).numpy() for name, z in maps.items()}
plots.image_grid(
    rows,
    "With one code all images look the same; revival brings the codes back, and the other remedies sharpen the images",
)

# %% [markdown]
# What does each remedy do?
#
# - **Revival** puts a dead code onto a vector $z_e$ of the current batch. It is the only one of the four that helps a code *after* it has died, and here it restores the usage on its own.
# - **EMA** moves each code a fixed share of the way to the mean of the vectors that chose it. A gradient step goes toward the same mean, but its length is set by the optimizer, whose learning rate was chosen for the networks.
# - A **start from data** puts the codes where the vectors are, so they are less likely to die in the first place.
# - **Normalization**, the BatchNorm before the quantizer, gives $z_e$ a fixed scale. The encoder can then neither run away from the codes nor shrink $z_e$ just to lower the commitment loss.
#
# Usage does not tell the last four rows apart, since all codes, or nearly all, are in use in each of them. Yet the error in the last row is less than half of that with revival alone (0.0063 against 0.0175 in our run). Being in use is not the same as being in a good place. The perplexity does not rank these rows either: over the last three it falls, as if the codebook had become worse, while the error falls too.
#
# Now try it live. The lab begins with the start *N(0, 10²)*, the codebook moved by the *gradient*, and both *revival* and *normalized z_e* switched *off*. Press **Start** and watch the orange crosses, which are the dead codes, then switch revival on while it trains. (The map on the left shows two fixed directions out of 16. In this projection many dead codes look closer to the green $z_e$ than the code in use does, but in all 16 dimensions they are not.)

# %%
widgets.CodebookLab(images, start="far", update="gradient", revive=False, normalize=False)

# %%
widgets.Quiz("vqvae.first-aid")

# %% [markdown]
# ## 5. How many codes, how long, how committed?
#
# $K$, $D$, and the commitment cost are chosen by hand. To see what they do, you have to train many networks, so we did that beforehand: `python tests/benchmarks/vqvae_sweeps.py` trains each of them for 2 epochs and saves the results, which we load here.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "The images are too blurry. Which would you raise first, K or D?"
# > - **Usually answered:** "Both." Only K changes the number of bits.
# > - **Show:** Let the room sketch the curve over K, then the three panels.

# %%
widgets.Prediction("vqvae.more-codes")

# %%
results = sweeps.load()
if RETRAIN:
    small = models.VQVAE(codebook_size=32, code_dim=16)
    training.fit(small, images.train, epochs=2, learning_rate=4e-3)
    print(f"K = 32, trained here: squared error {metrics.reached(small, images.test.x).squared_error:.4f}")


def curve(name, **changes):
    runs = sweeps.select(results, **changes)
    return [run[name] for run in runs], [run["squared_error"] for run in runs]


by_size = curve("codebook_size", codebook_size=(2, 8, 32, 128, 512, 2048))
by_length = curve("code_dim", code_dim=(1, 2, 4, 8, 16, 64))
costs = (0.0, 0.05, 0.25, 1.0, 5.0, 25.0)
by_cost = {on: curve("commitment_cost", commitment_cost=costs, normalize=on) for on in (True, False)}
_, seeds = curve("seed", seed=(0, 1, 2))
print(f"squared error with three seeds (K = 128, D = 16): {', '.join(f'{error:.4f}' for error in seeds)}")
print(f"squared error by D: {', '.join(f'D = {dim}: {error:.4f}' for dim, error in zip(*by_length))}")

# %%
plots.panels(
    {
        "codebook size K": {"D = 16": by_size},
        "code dimension D (cost 0.25)": {"K = 128": by_length},
        "commitment cost": {"normalized $z_e$": by_cost[True], "not normalized": by_cost[False]},
    },
    "More codes help, D hardly matters between 2 and 16, and a wide range of commitment costs works",
    "squared error per pixel",
    colors={"D = 16": "codebook", "K = 128": "codebook", "normalized $z_e$": "encoder", "not normalized": "warning"},
    xscales={"commitment cost": "symlog"},
)

# %% [markdown]
# **Codebook size.** More codes help at every step, but each factor of 4 costs 98 bits per image (2 more at each of the 49 positions) and lowers the error by less than the one before.
#
# **Code dimension.** One number per code is too few: the error is 0.0072. From 2 to 16 it is between 0.0043 and 0.0048, a difference about as large as that between seeds. At 64 the error is larger, 0.0054, but be careful with the explanation. All of these models have a commitment cost of 0.25, and the commitment loss is summed over $D$, so the same cost weighs more when $D$ is larger. A fair comparison tunes the cost for each $D$:

# %%
for dim, tried in sweeps.TUNED.items():
    errors = dict(zip(*curve("commitment_cost", code_dim=dim, commitment_cost=tried)))
    print(f"D = {dim:2d}: " + ", ".join(f"cost {cost:g}: {error:.4f}" for cost, error in sorted(errors.items())))

# %% [markdown]
# Tuning the cost removes part of the disadvantage of the long codes. What is left is a difference of 0.0007 (0.0050 against 0.0043), where seeds alone differ by 0.0004. So from these runs (one seed each, 2 epochs) we can conclude that 64 numbers per code bring no gain here, but not that they do any harm. And why should longer codes help? The number of bits per index depends on $K$ alone.
#
# **Commitment cost.** Without normalization it sets the scale of $z_e$, as the lines below show. At cost 0 nothing keeps the encoder near its codes, and $z_e$ grows. At a high cost the encoder makes $z_e$ small, which lowers the commitment loss simply because all distances shrink. *With* normalization the scale is fixed, and a cost that is too high shows up as a larger error.

# %%
for run in sweeps.select(results, commitment_cost=(0.0, 0.25, 25.0), normalize=False):
    print(f"not normalized, cost {run['commitment_cost']:5.2f}: rms length of z_e {run['z_e_length']:.3g}")

# %%
widgets.Quiz("vqvae.seed-noise")

# %% [markdown]
# ## 6. What does an image cost?
#
# To store a code map, we need 49 indices of $\log_2 K$ bits each. The original image has 784 pixels of 8 bits.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "Which has the smaller error: JPEG or the VQ-VAE, both at about 343 bits per image? And PNG with four gray levels at 476 bits, or the larger VQ-VAE at 441?"
# > - **Usually answered:** "The network, of course." That is true against JPEG. PNG with four gray levels has a smaller error than both of our models.
# > - **Show:** The rows of images, then the sizes. Ask what the network has learned and JPEG has not, and where that knowledge is stored.

# %%
vqvae512 = pretrained.load("vqvae-mnist-512")
shipped = {128: vqvae, 512: vqvae512}
vq_error = {size: squared_error(torch.sigmoid(network(x).logits), x) for size, network in shipped.items()}
print(f"raw pixels: {784 * 8} bits")
for size, error_ in vq_error.items():
    bits = 49 * math.log2(size)
    print(f"K = {size}: {bits:.0f} bits, 1/{784 * 8 / bits:.0f} of the raw size; squared error {error_:.4f} per pixel")
print(f"file of the network with K = 128: {pretrained.path_of('vqvae-mnist').stat().st_size:,} bytes")

# %% [markdown]
# Giving all indices the same length is wasteful, because some codes are far more common than others. Shannon showed that $-\log_2 p_k$ bits are enough for index $k$, where $p_k$ is its share, so common codes get short codewords. An *arithmetic coder* turns a whole sequence of indices into one file that is only a few bits longer than the sum of these lengths; you will build one in notebook 08.
# It is better still to count the shares $p_k$ separately at each of the 49 positions, since what is common in a corner is not what is common in the middle. We count on training images and apply the result to test images.

# %%
seen = vqvae.encode(images.train.x[:10_000])
z = vqvae.encode(x)
needed = {
    "the same length for all": rates.fixed_length(128),
    "by the share of each code": rates.by_shares(z, rates.shares(seen, 128)).mean().item(),
    "by its share at each position": rates.by_shares(z, rates.shares(seen, 128, by_position=True)).mean().item(),
}
for name, bits in needed.items():
    print(f"{bits:4.0f} bits per image, {name}")

# %% [markdown]
# Notebook 08 continues from here, with a network that predicts each index from those before it.
#
# **Against JPEG and PNG.** The header and tables of a JPEG file alone take more than 343 bits, so a file per digit would make no sense. Instead we put all 1,000 images onto one sheet and divide the size of the file by 1,000. We choose the JPEG quality whose file comes closest to 343 bits per image. PNG is lossless; to make it smaller, we first round the gray levels to 4 or to 2.

# %%
widgets.Prediction("vqvae.jpeg")

# %% tags=["nbval-ignore-output"]
jpegs = {quality: rates.jpeg(x, quality) for quality in (1, 3, 5, 10, 20, 30, 50, 75, 90)}
pngs = {levels: rates.png(x, levels) for levels in (2, 3, 4, 16, 256)}
jpeg = min(jpegs.values(), key=lambda file: abs(file.bits - 343))
match = {"JPEG": jpeg, "PNG, 2 gray levels": pngs[2], "PNG, 4 gray levels": pngs[4], "PNG, unrounded": pngs[256]}
print(f"VQ-VAE               343 bits, squared error {vq_error[128]:.4f}")
for name, file in match.items():
    print(f"{name:19s} {file.bits:5.0f} bits, squared error {squared_error(file.images, x):.4f}")

# %% [markdown] tags=["slide-180"]
# ## Equal size: a learned code against JPEG

# %%
rows = {"$x$: 6,272 bits": x[:9].numpy(), "VQ-VAE: 343 bits": x_hat[:9].numpy()}
rows |= {f"{name}: {match[name].bits:.0f} bits": match[name].images[:9].numpy() for name in list(match)[:3]}
plots.image_grid(rows, "At equal size, JPEG blurs and adds ripples; black-and-white PNG loses the soft edges")

# %% [markdown]
# At equal size, the squared error of JPEG is about three times that of the VQ-VAE (0.0088 against 0.0027). But look at PNG with 4 gray levels: it takes 476 bits, and neither of our models reaches its error of 0.0011. Digits are nearly black and white, with long runs of blank paper, which PNG compresses very well. Neither is true of photographs.
#
# Nor is the comparison quite fair to PNG and JPEG. They contain nothing specific to digits, whereas our decoder was trained on digits. And its weights take space too: the file of the network is 42 kB, which is 34 bits per image if 10,000 images share it and 3,360 if only 100 do.

# %%
widgets.Quiz("vqvae.by-place")

# %% [markdown]
# ## 7. Rate and distortion: all models in one plot
#
# In notebook 05 we drew distortion against rate for VAEs. Let us put all models into one such plot. First we have to say what the rate of each of them is.
#
# - **VQ-VAE:** $49 \log_2 K$ bits. The dashed curve shows the VQ-VAEs of section 5, which were trained for 2 epochs, and the stars show the two models of section 6, trained for 30. The point labeled *VQ-VAE, by position* is the model with $K = 128$ once more, at 225 bits because its indices are coded by their shares at each position.
# - **Autoencoder:** the 32 bits of a float are an arbitrary choice. So we round the 32 numbers to $2^b$ levels each, decode them, and measure the error. The rate is then $32\, b$ bits.
# - **The VQ-VAE's network without a quantizer:** likewise, with one or two numbers per position instead of a code, so $49\, b$ or $98\, b$ bits. This network, too, was trained for 2 epochs, and its numbers were rounded afterward.
# - **VAE, rounded:** likewise for $\mu$, but only for the 25 units that are active (see notebook 04), so $25\, b$ bits.
# - **VAE, KL:** the KL in bits, with a sampled $z$. About this many bits suffice on average to transmit a *sample* of $q(z \mid x)$ if sender and receiver share the prior and a source of random numbers. *Relative entropy coding* comes close to that (Havasi and others 2019; Flamich and others 2020). We do not implement it here.
# - **JPEG and PNG:** the size of the file, as in section 6.
#
# (The errors of the models with 2 epochs were measured on all 10,000 test images, and all other errors on the first 1,000.)

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "What is the rate of a plain autoencoder?"
# > - **Usually answered:** "32 numbers" or "1,024 bits". Round the numbers, decode, and see how many bits are needed.
# > - **Show:** The figure with all curves. Ask where each method flattens out, and why.

# %%
widgets.Prediction("vqvae.round")


# %%
def rounded_curve(z, like, decode, bits=range(1, 9)):
    images_ = [torch.sigmoid(decode(rates.rounded(z, like, b))) for b in bits]
    return [z.shape[1] * b for b in bits], [squared_error(image, x) for image in images_]


# %%
few = images.train.x[:10_000]  # gives the range of each number
ae_curve = rounded_curve(ae.encode(x), ae.encode(few), ae.decode)

vae = pretrained.load("vae-50d")
mu, logvar = vae.encode(x)
mu_few, _ = vae.encode(few)
active = (mu_few.var(0) > 0.01).nonzero().flatten()


def decode_active(z):
    return vae.decode(torch.zeros(len(z), 50).index_copy(1, active, z))  # inactive units stay 0, and cost nothing


vae_curve = rounded_curve(mu[:, active], mu_few[:, active], decode_active)

# %%
torch.manual_seed(0)
kl_bits = losses.kl_to_standard_normal(mu, logvar).mean().item() / math.log(2)
vae_point = ([kl_bits], [squared_error(torch.sigmoid(vae(x).logits), x)])
print(f"VAE: KL {kl_bits:.0f} bits, squared error {vae_point[1][0]:.4f}")
for b in (2, 3, 4, 5, 8):
    print(f"autoencoder, {b} bits per number: {32 * b} bits, squared error {ae_curve[1][b - 1]:.4f}")
for size, error in zip(*by_size):
    print(f"VQ-VAE, 2 epochs, K = {size}: {49 * math.log2(size):.0f} bits, squared error {error:.4f}")
for dim, bits in ((1, 49), (2, 392)):
    error = dict(unquantized[dim]["rounded"])[bits]
    print(f"no quantizer, {dim} per position: {bits} bits, squared error {error:.4f}")

# %%
greys = (2, 3, 4, 16)
curves = {
    "VAE: KL": vae_point,
    "VAE: rounded": vae_curve,
    "autoencoder: rounded": ae_curve,
    "no quantizer, 1 number": tuple(zip(*unquantized[1]["rounded"][:5])),
    "no quantizer, 2 numbers": tuple(zip(*unquantized[2]["rounded"][:5])),
    "VQ-VAEs": ([49 * math.log2(size) for size in by_size[0]], by_size[1]),
    "VQ-VAE, 30 epochs": ([343, 441], [vq_error[128], vq_error[512]]),
    "VQ-VAE, by position": ([needed["by its share at each position"]], [vq_error[128]]),
    "JPEG": ([file.bits for file in jpegs.values()], [squared_error(file.images, x) for file in jpegs.values()]),
    "PNG, fewer gray levels": ([pngs[n].bits for n in greys], [squared_error(pngs[n].images, x) for n in greys]),
}

# %% [markdown] tags=["slide-180"]
# ## All models on one axis: bits against error

# %%
places = [(29, 0.0066), (27.5, 0.057), (38, 0.0035), (53, 0.045), (106, 0.0325), (550, 0.00215), (128, 0.0018)]
places += [(64, 0.0026), (1400, 0.0012), (125, 0.0003)]  # where each name begins
inks = ["prior", "prior", "encoder", "warning", "warning", "codebook", "codebook", "codebook", "data", "#777777"]
plots.rate_distortion(
    curves,
    "No method has the smallest error at every rate",
    dict(zip(curves, inks)),
    dashed=["VAE: KL", "VQ-VAEs", "VQ-VAE, by position"],
    lossless={"raw": 6272, "PNG": pngs[256].bits},
    names=dict(zip(curves, places)),
)

# %% [markdown]
# Four things are worth noticing.
#
# **Most of the bits of a float are not needed.** The autoencoder's numbers need only about 5 bits each, or 160 bits per image rather than 1,024, if we accept an error that is a tenth larger (0.0042 against 0.0038). After that its curve is nearly flat, because finer steps cannot bring back what the 32 numbers never contained.
#
# **The codebook alone does not explain the small error.** Compare the dashed purple curve with the two curves labeled *no quantizer*, which come from the same network with the same training. At 49 bits the codes are clearly better, 0.029 against 0.039. From 98 bits on, the better of the two rounded curves runs close to the curve of the codes: at 392 bits, two rounded numbers per position have an error of 0.0038, between those of the VQ-VAEs at 343 and 441 bits (0.0043 and 0.0033). (This is one seed, and all indices have the same length.) Much of the credit therefore belongs to the convolutions, and even a regular grid of rounded values makes a good codebook. Notebook 09 turns this idea into a method.
# What the codebook gives us is one symbol per position, from an alphabet of 128 symbols, some of which are far more common than others. If the codes are coded by their shares at each position, an image needs only 225 bits. With a learned prior, notebook 08 will need even fewer.
#
# **No method is best at every rate.** Of the curves, those of the rounded fully connected models have the smallest error up to about 200 bits. (The convolutional models in this range were trained for only 2 epochs, the autoencoder for 20 and the VAE for 200.) Between 225 and about 450 bits, the VQ-VAEs trained for 30 epochs have the smallest error, and beyond that PNG.
#
# **A sample costs less than an exact value.** With a KL of 38 bits, the VAE's point lies far below all curves on the left. Transmitting $\mu$ precisely takes many bits; transmitting *any one* sample from $q(z \mid x)$ takes few, because it does not matter which one the receiver gets.

# %%
widgets.Quiz("vqvae.noisy-code")

# %% [markdown]
# ## 8. Build it
#
# So far you have read the code of a VQ-VAE. Now write one yourself, without looking at section 1 if you can. It does not have to look like ours.

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Build a VQ-VAE and train it
#
# **★★★ · 35 minutes.** Write a function that assembles a VQ-VAE, trains it, and returns it. About 300 steps on batches of 64 are enough. You may use `VectorQuantizer` or your own quantizer from notebook 06.
#
# - The function receives 20,000 training images, (20000, 1, 28, 28), and returns an `nn.Module`.
# - The model has the parts `encoder` and `decoder`. The encoder returns $z_e$; the decoder is given $z_q$ of the same shape.
# - `encode(x)` returns code maps of whole numbers below 128, (N, 7, 7); `decode(indices)` returns logits, (N, 1, 28, 28).
# - `loss(x)` returns the loss as one number: reconstruction plus commitment, plus the codebook loss if your codes are moved by gradients.
# - On 1,000 test images the checker asks for a squared error of at most 0.012 per pixel and at least 64 codes in use. It also backpropagates through `loss` once and looks at the gradient that arrives at $z_e$.
#
# **Contract:** `my_vqvae(x)`: training images → a trained model as described. The training is stopped after two minutes of computing; ours takes about ten seconds.


# %% tags=["starter"]
def my_vqvae(x):
    return ...  # the trained model


# %%
checks.build_vqvae(my_vqvae)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# class MyVQVAE(nn.Module):
#     def __init__(self, K=128, D=16, width=16):
#         super().__init__()
#         self.encoder = nn.Sequential(
#             nn.Conv2d(1, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU(),
#             nn.Conv2d(width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU(),
#             nn.Conv2d(width, D, 3, 1, 1), nn.BatchNorm2d(D, affine=False),
#         )
#         self.quantizer = VectorQuantizer(K, D)  # moved by EMA, so there is no codebook loss
#         self.decoder = nn.Sequential(
#             nn.Conv2d(D, width, 3, 1, 1), nn.BatchNorm2d(width), nn.ReLU(),
#             nn.ConvTranspose2d(width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU(),
#             nn.ConvTranspose2d(width, 1, 4, 2, 1),
#         )
#
#     def encode(self, x):
#         return self.quantizer.nearest(self.encoder(x))
#
#     def decode(self, indices):
#         return self.decoder(self.quantizer.lookup(indices))
#
#     def loss(self, x):
#         out = self.quantizer(self.encoder(x))
#         pixels = F.binary_cross_entropy_with_logits(self.decoder(out.z_q), x, reduction="sum") / len(x)
#         return pixels + 0.25 * out.commitment_loss
#
#
# def my_vqvae(x):
#     model = MyVQVAE()
#     optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
#     for batch in torch.randperm(len(x))[: 300 * 64].split(64):
#         loss = model.loss(x[batch])
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#     return model
# ```
#
# </details>

# %% [markdown]
# ## 9. And what if we choose the codes ourselves?
#
# So far, each code map has come from an image. With the VAE we drew $z$ from the prior and decoded it, and got digits. Here the prior used in training was uniform, so all maps are equally likely under it. Let us draw 49 indices at random and decode them.

# %%
torch.manual_seed(0)
real = vqvae.encode(x[:9])
shuffled = real.flatten(1)[:, torch.randperm(49)].view_as(real)
maps = {"codes of digits": real, "the same, shuffled": shuffled, "random codes": torch.randint(128, (9, 7, 7))}
plots.image_grid(
    {name: torch.sigmoid(vqvae.decode(z)).numpy() for name, z in maps.items()},
    "The codes of digits decode to digits; shuffled or random codes do not",
)

# %% [markdown]
# The result is noise: scattered pieces of strokes, but no digits. Even the right codes in the wrong order do not decode to a digit. Among the $128^{49}$ maps, those of digits are a tiny minority, and nothing in the training taught the model to tell them apart from the rest. So far, our VQ-VAE is a good compressor but not a generative model.
#
# What is missing is a distribution over maps, one that assigns a high probability to maps whose codes really occur together. Maps are sequences of whole numbers, like text, and for text we have very good models.

# %% [markdown]
# ## Summary
#
# - A VQ-VAE is an autoencoder whose code is a map of indices into a table. Unlike the VAE, it has no $\mu$, no `logvar`, no sampling, and no KL; instead it has a quantizer and two more terms in the loss.
# - Each index depends on a patch of 18 x 18 pixels. In the decoder its code affects a patch of the same size, but what appears there also depends on the neighboring codes.
# - Usage and perplexity depend on how many images are counted.
# - A start far from the data kills nearly all codes. Revival brings them back; EMA, a start from data, and normalization lower the error further.
# - A code map takes $49 \log_2 K$ bits, and fewer if common codes get short codewords. At equal size, the VQ-VAE's error on digits is about a third of JPEG's. From 98 bits on, rounded numbers from the same network, trained equally long without a quantizer, do about as well as the codes.
# - Random codes decode to noise.
#
# **Next:** [08 A prior over codes](08_prior_over_codes.ipynb), where a network learns which maps are likely and generates digits.
