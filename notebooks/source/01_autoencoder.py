# %% [markdown]
# # 01 · The autoencoder: an image through 32 numbers
#
# **After this notebook you can**
#
# - build and train an autoencoder in about 25 lines, and say what each line does,
# - measure how much better it is than the best *linear* compression (PCA),
# - read a map of codes, and walk between two images in code space,
# - show with numbers why decoding a random code gives no image.
#
# **Time:** 50 minutes, and 37 for the exercises. **Builds on:** [00 Start here](00_start_here.ipynb), matrix products, one torch tutorial. **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import torch
from itertools import pairwise
from torch import nn
from torch.nn import functional as F
from vqedu import checks, data, plots, pretrained, widgets

RETRAIN = False  # True: train the two networks of this notebook here (about 4 minutes on 2 cores)

# %%
images = data.load("mnist")
x_test, y_test = images.test
print(f"{len(images.train.x):,} images to learn from, {len(x_test):,} to test on, each {tuple(x_test.shape[1:])}")

# %% [markdown]
# ## 1. What is an image to a computer?
#
# An image $x$ of this data set (MNIST, handwritten digits) is a table of $28 \times 28 = 784$ grey levels between 0 (paper) and 1 (ink).
# The shape `(1, 28, 28)` reads: one colour channel, 28 rows, 28 columns.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 4 minutes.**
# >
# > - **Ask:** "How many different 28 by 28 tables of grey levels are there, and how many of them are digits?"
# > - **Usually answered:** "Infinitely many" to the first, silence at the second. The point is the silence: nearly none. Then let the room commit the guess below, by a show of hands.
# > - **Show:** The ten digits. Leave the guess on the wall until section 3 answers it.

# %%
first_of_each = [int((y_test == digit).nonzero()[0]) for digit in range(10)]
x = x_test[first_of_each]  # (10, 1, 28, 28)

# %%
plots.image_grid({"$x$": x.numpy()}, "Ten test images: 784 numbers each", columns=list("0123456789"))

# %% [markdown]
# A table of 784 random grey levels practically never shows a digit. So the digits fill only a tiny part of the space of all images,
# and a description with far fewer than 784 numbers should be possible.

# %%
widgets.Prediction("autoencoder.readable")

# %%
widgets.Quiz("autoencoder.shape", "autoencoder.why-fewer", "autoencoder.snow")

# %% [markdown]
# ## 2. The straight way: PCA
#
# Principal component analysis (PCA) finds the 32 directions along which the training images vary most. The code of an
# image is its 32 coordinates along these directions, measured from the mean image. Decoding adds the directions up again, each
# times its coordinate, and puts the mean image back. Among all *linear* codes of 32 numbers, none has a smaller squared error on
# the training images. So PCA is the mark to beat.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Which other linear code of 32 numbers could beat PCA on the training images?"
# > - **Usually answered:** "One trained longer" or "a neural network". None can: PCA is the best linear code by construction. That is why it is the mark to beat.
# > - **Show:** The two cells, nothing more. Commit the guess on the factor before you scroll on.

# %%
flat = images.train.x.flatten(1)  # (60000, 1, 28, 28) -> (60000, 784)
mean = flat.mean(0)  # (784,)
_, vectors = torch.linalg.eigh(torch.cov(flat.T))  # columns sorted by variance, largest last
V = vectors[:, -32:]  # (784, 32)


# %%
def pca(x):
    z = (x.flatten(1) - mean) @ V  # (N, 784) -> (N, 32)
    return (z @ V.T + mean).view_as(x)  # (N, 32) -> (N, 784) -> (N, 1, 28, 28)


# %% [markdown]
# To compare two codes, we take the squared error a pixel on the test images, which neither method has seen.


# %%
def squared_error(x_hat):
    return (x_hat - x_test).square().mean()  # per pixel, over all test images


pca_error = squared_error(pca(x_test))
print(f"PCA with 32 numbers: squared error {pca_error:.4f} a pixel")

# %%
widgets.Quiz("autoencoder.pca-code", "autoencoder.pca-line", "autoencoder.all-directions")

# %%
widgets.Prediction("autoencoder.factor")

# %% [markdown]
# ## 3. The autoencoder
#
# An autoencoder replaces the two matrix products by two networks:
#
# $$z = g(x), \qquad \hat x = f(z).$$
#
# The **encoder** $g$ takes 784 pixels to 32 numbers, the **decoder** $f$ takes the 32 numbers back to 784 pixels.
# Nobody tells the network what the 32 numbers should mean. The only demand is that $\hat x$ resembles $x$.
#
# Both networks are chains of linear maps with a bend between them. The bend is *SiLU*, a smooth version of "negative becomes zero".
# *LayerNorm* keeps the numbers inside the network at one scale, which makes training faster. The first layer has none: in the decoder
# it would hide how far $z$ lies from the origin. Without SiLU and LayerNorm each chain would be one matrix and a shift, as in PCA.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "What would this network be without the bends?" and, after the loss: "what changes if we average over the pixels instead of adding up?"
# > - **Usually answered:** "A smaller network" and "nothing". Without bends it is PCA with a shift, at best; the average breaks the link to a probability, which notebook 02 needs.
# > - **Show:** The class, then the live epoch (5 seconds: let it run while you talk), then the picture with the three rows. Skip the shapes cell when time is short.


# %%
def mlp(*sizes):
    layers = [nn.Linear(sizes[0], sizes[1]), nn.SiLU()]
    for n_in, n_out in pairwise(sizes[1:-1]):
        layers += [nn.Linear(n_in, n_out), nn.LayerNorm(n_out), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


# %% [markdown]
# `mlp(784, 400, 400, 32)` is such a chain: 784 numbers in, 32 out, two layers of 400 between. The autoencoder is two of them, mirrored.


# %%
class Autoencoder(nn.Module):
    def __init__(self, latent_dim, hidden=(400, 400)):
        super().__init__()
        self.encoder = mlp(784, *hidden, latent_dim)
        self.decoder = mlp(latent_dim, *reversed(hidden), 784)

    def encode(self, x):
        return self.encoder(x.flatten(1))  # (N, 1, 28, 28) -> (N, 784) -> (N, latent_dim)

    def decode(self, z):
        return self.decoder(z).view(-1, 1, 28, 28)  # (N, latent_dim) -> (N, 784) -> (N, 1, 28, 28)

    def forward(self, x):
        z = self.encode(x)
        return self.decode(z), z


# %% [markdown]
# **What the decoder says.** The last layer gives one number a pixel, from $-\infty$ to $\infty$, called a **logit** $l$.
# The sigmoid $s(l) = 1 / (1 + e^{-l})$ turns it into a grey level between 0 and 1. We read that grey level as a
# probability: "this pixel is ink with probability $s(l)$".
#
# **What it is paid for.** If a pixel is ink, the price is $-\log s(l)$; if it is paper, $-\log(1 - s(l))$. A grey pixel
# pays both, in proportion. This price is the *cross-entropy*. With the natural logarithm its unit is the **nat**
# (1 nat is 1.44 bits). We add up the 784 pixels of an image, so the loss is in nats per image. The sum matters: from notebook 02 on
# this number is minus a log-probability, and an average over pixels would make it 784 times too small. For an image with grey levels it cannot
# fall to zero: the best a network can say is the grey level itself, and even then 45.5 nats an image remain on the test images.


# %%
def reconstruction(logits, x):
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")  # (N, 1, 28, 28)
    return pixels.flatten(1).sum(1)  # (N,), nats per image


# %%
torch.manual_seed(0)
untrained = Autoencoder(32)
with torch.no_grad():
    logits, z = untrained(x)
print("shapes:", tuple(x.shape), "->", tuple(z.shape), "->", tuple(logits.shape))
print(
    f"untrained: {reconstruction(logits, x).mean():.0f} nats per image; a guess of 1/2 everywhere costs {784 * math.log(2):.0f}"
)

# %% [markdown]
# Untrained, the network is worse than a guess of 1/2 everywhere.

# %% [markdown]
# **Training** repeats three steps: take a batch of images, compute the loss and its gradient, let the optimizer move the
# weights a little against the gradient. One pass over all training images is an *epoch*. The next cell runs one epoch, about 5 seconds.

# %%
torch.manual_seed(0)
model = Autoencoder(32)
torch.set_grad_enabled(True)  # a later cell switches gradients off
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in torch.randperm(len(images.train.x)).split(128):
    x_batch = images.train.x[batch]
    logits, z = model(x_batch)
    loss = reconstruction(logits, x_batch).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
with torch.no_grad():
    after_one_epoch = reconstruction(model(x_test)[0], x_test).mean()
print("after one epoch, test loss below 80 nats per image:", bool(after_one_epoch < 80))

# %% [markdown]
# The loop does not change for any model of this course, so `training.fit` holds it from now on, with a progress bar and a
# learning rate that rises and falls. The course ships the same network after 20 epochs.

# %%
if RETRAIN:
    ae32, history = pretrained.retrain("ae-32d", images.train)
else:
    ae32 = pretrained.load("ae-32d")

# %%
torch.set_grad_enabled(False)  # from here on nothing is trained
x_hat = torch.sigmoid(ae32(x_test).logits)
ae_error = squared_error(x_hat)
print(f"autoencoder with 32 numbers: squared error {ae_error:.4f} a pixel (expect 0.0035 to 0.0041)")
print(f"PCA with 32 numbers:         squared error {pca_error:.4f} a pixel")
print(f"the autoencoder's error is {pca_error / ae_error:.1f} times smaller")

# %%
plots.image_grid(
    {"$x$": x.numpy(), "PCA": pca(x).clamp(0, 1).numpy(), "autoencoder": x_hat[first_of_each].numpy()},
    "Both use 32 numbers an image. The autoencoder's images are sharp, PCA leaves ghosts",
)

# %% [markdown]
# **What we saw.** 32 numbers are enough to read each of these ten digits. (The figure cuts PCA's output off at 0 and 1. Its error is then
# 0.0152, still four times the autoencoder's.) PCA must paint with 32 fixed pictures that reach over the
# whole image, so light shadows remain on the paper. The autoencoder bends: what a number does depends on the other 31.

# %%
widgets.Quiz("autoencoder.logit", "autoencoder.sum", "autoencoder.code-size")

# %% [markdown]
# ## 4. Two numbers: a map
#
# With $z$ in two dimensions we can look at all codes at once. The price is blur: two numbers cannot say everything.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Nobody said which image is a 3. Will the 3s lie together?"
# > - **Usually answered:** "No, there were no labels."
# > - **Show:** The explorer, projected large. Let a student drag the ring from the 0s to the 1s, then far outside. Draw a 7 with a bar through it at the left, and ask where it will land before you lift the pen.

# %%
widgets.Prediction("autoencoder.threes")

# %%
if RETRAIN:
    ae2, history = pretrained.retrain("ae-2d", images.train)
else:
    ae2 = pretrained.load("ae-2d")

z_test = ae2.encode(x_test)  # (10000, 2)

# %%
plots.latent_maps(
    {"codes of 3,000 test images": (z_test[:3000].numpy(), y_test[:3000].numpy())},
    "Images of one digit mostly lie together, though no label was ever shown",
)

# %% [markdown]
# **What we saw.** Mostly yes, but not always: the 5s lie in two places. The encoder is a smooth function, so similar images get similar codes.
# The decoder is one too, so neighbouring codes decode to similar images. But look at the shape. Some regions are crowded and others
# empty, and the axes run to whatever numbers the training happened to reach. Nobody asked for more order than that.
#
# Now use your hand. Drag the ring from the 0s to the 1s. Find the border between the 4s and the 9s. Draw your own digit at the left.

# %%
widgets.LatentExplorer(ae2, images.test, title="Two numbers: drag z over the map of codes")

# %%
widgets.Quiz("autoencoder.shuffled-labels", "autoencoder.four-nine", "autoencoder.map-order")

# %% [markdown]
# ## 5. A walk between two images
#
# Two images, two codes $z_a$ and $z_b$ in 32 dimensions. The straight line between them is
#
# $$z_t = (1 - t)\, z_a + t\, z_b, \qquad 0 \le t \le 1.$$

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "How does this walk differ from a cross-fade in a slide show?"
# > - **Usually answered:** "It is the same, only in fewer numbers."
# > - **Show:** The two rows. Then the second explorer: *A = here*, *B = here*, *Play*.

# %%
widgets.Prediction("autoencoder.walk")

# %%
a, b = x[2:3], x[3:4]  # a 2 and a 3, each (1, 1, 28, 28)
t = torch.linspace(0, 1, 9).view(-1, 1)  # (9, 1)
z_t = (1 - t) * ae32.encode(a) + t * ae32.encode(b)  # (9, 32)
walk = torch.sigmoid(ae32.decode(z_t))  # (9, 1, 28, 28)

t_pixels = t.view(-1, 1, 1, 1)
fade = (1 - t_pixels) * a + t_pixels * b

# %%
plots.image_grid(
    {"in code space": walk.numpy(), "cross-fade of pixels": fade.numpy()},
    "Walking through codes moves the strokes; fading pixels lays one image over the other",
    columns=[f"t = {value:.2f}" for value in t.flatten().tolist()],
)

# %% [markdown]
# **What we saw.** This is no cross-fade: most strokes stay black and change their place. Some still appear out of grey, because nobody asked the line between two
# codes to pass through digits.
#
# In the explorer below the sliders move along the eight directions in which the codes vary most. Pick a digit and press *A = here*, pick another and
# press *B = here*, then *Play*. Then press **Sample z ~ N(0, I)** a few times.

# %%
widgets.LatentExplorer(ae32, images.test, title="32 numbers: slide along the main directions of the codes")

# %%
widgets.Quiz("autoencoder.quarter-way", "autoencoder.linear-walk", "autoencoder.half-way")

# %% [markdown]
# ## 6. Can it invent images?
#
# The decoder turns any $z$ into an image. So, to make a new digit, draw a random $z$ and decode it. $N(0, I)$ means:
# each of the 32 numbers is drawn independently from the normal distribution with mean 0 and variance 1.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "The decoder turns any code into an image. So, can this network invent digits?"
# > - **Usually answered:** "Yes, just feed it random numbers."
# > - **Show:** Ten random codes, in silence. Then the second row: now mean and covariance are right, and it still fails. Ask why before you show the histogram. End on $p(z)$, the one thing that is missing.

# %%
widgets.Prediction("autoencoder.random")

# %%
generator = torch.Generator().manual_seed(0)
z_train = ae32.encode(images.train.x)  # (60000, 32)
standard = torch.randn(2000, 32, generator=generator)  # z ~ N(0, I)

center, L = z_train.mean(0), torch.linalg.cholesky(torch.cov(z_train.T))
fitted = center + standard @ L.T  # same mean and covariance as the real codes

# %%
plots.image_grid(
    {
        "$z \\sim N(0, I)$": torch.sigmoid(ae32.decode(standard[:10])).numpy(),
        "fitted normal": torch.sigmoid(ae32.decode(fitted[:10])).numpy(),
        "codes of real images": x_hat[:10].numpy(),
    },
    "Random codes decode to strokes that are no digits",
)

# %% [markdown]
# **What we saw.** None of the ten in the first row is a digit; in the second, one or two come close. The first row does not know where the codes lie.
# The second row does: its draws are stretched and moved until they have the mean and the covariance of the real codes ($L$ is a matrix
# with $L L^\top$ equal to that covariance). It still fails. Let us measure why.
#
# **Where do the codes lie, and where do the samples fall?** For a code, take the distance to the nearest code of a training image.
# Codes of *test* images tell what distance is usual: 95% of them have a training code within the radius $r$. We call a sample
# *near* if it has one within $r$ too.


# %%
def nearest(z):
    return torch.cat([torch.cdist(part, z_train).min(1).values for part in z.split(500)])  # (N,)


# %%
distances = {"codes of test images": nearest(ae32.encode(x_test[:2000]))}
distances |= {"fitted normal": nearest(fitted), "N(0, I)": nearest(standard)}
r = distances["codes of test images"].quantile(0.95)
near = {name: (distance <= r).float().mean().item() for name, distance in distances.items()}
for name, share in near.items():
    print(f"{name:22s} {share:4.0%} near a code of a training image")

# %%
plots.histograms(
    {name: distance.numpy() for name, distance in distances.items()},
    "Most random codes fall farther from all training codes than real images do",
    "distance to the nearest code of a training image",
    colors={"codes of test images": "encoder", "fitted normal": "warning", "N(0, I)": "prior"},
    mark=("r", r.item()),
)

# %% [markdown]
# **What we saw.** Only 15% of the fitted draws and 4% of those from $N(0, I)$ are near a real code, against 95% of the codes of test images. The real codes fill a small part
# of the space that no ellipsoid describes. Most random points miss it, even when their mean and covariance are right. The decoder was never trained out there, so it answers with whatever comes out.
#
# **What would have to be true?** To generate, we would need the distribution of the codes themselves. Call it $p(z)$. If we knew
# it, we would draw $z$ from $p(z)$ and then an image from what the decoder says about $z$, written $p(x \mid z)$. The
# probability of an image would then be a sum over all codes that could have produced it:
#
# $$p(x) = \sum_z p(x \mid z)\, p(z), \qquad \text{for a continuous } z: \quad p(x) = \int p(x \mid z)\, p(z)\, dz.$$
#
# The autoencoder has a good $p(x \mid z)$, the decoder. It has no $p(z)$ at all: training never asked for one. There are two ways out.
# One can fit a $p(z)$ to the codes afterwards; the second half of the course does that for discrete codes. Or one can choose a simple $p(z)$ *first* and train the
# encoder so that the codes really lie there. That is the VAE, and the next notebook begins it.

# %%
widgets.Quiz("autoencoder.ninety-five", "autoencoder.missing-prior", "autoencoder.sum-over-codes")

# %% [markdown]
# ## Exercises (37 minutes)
#
# Replace the starter, run the two cells and read the card; its hints unfold one by one. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The price of an image, by hand
#
# **★★☆ · 8 minutes.** Section 3 used the library for the cross-entropy. Write it with `F.logsigmoid` instead: `F.logsigmoid(l)` is $\log s(l)$, and $1 - s(l) = s(-l)$.
#
# **Contract:** `my_reconstruction(logits, x)`: two float tensors (N, 1, H, W), x in [0, 1] → (N,), nats per image.


# %% tags=["starter"]
def my_reconstruction(logits, x):
    ink = -x * F.logsigmoid(logits)
    paper = ...
    return ink + paper  # (N, 1, H, W); asked for is (N,)


# %%
checks.reconstruction(my_reconstruction)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_reconstruction(logits, x):
#     ink = -x * F.logsigmoid(logits)
#     paper = -(1 - x) * F.logsigmoid(-logits)
#     return (ink + paper).flatten(1).sum(1)  # (N,), nats per image
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · PCA there and back
#
# **★☆☆ · 5 minutes.** One line each for the way to the code and for the way back. The columns of $V$ have length 1 and stand at right angles to each other.
#
# **Contract:** `my_pca(x, mean, V)`: images (N, P), mean (P,), orthonormal columns V (P, k) → reconstruction (N, P).


# %% tags=["starter"]
def my_pca(x, mean, V):
    z = x @ V
    return z @ V.T


# %%
checks.pca(my_pca)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_pca(x, mean, V):
#     z = (x - mean) @ V  # (N, P) -> (N, k)
#     return z @ V.T + mean  # (N, k) -> (N, P)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · How many samples are near a code
#
# **★★☆ · 8 minutes.** Section 6 measured which share of the random codes lies near a real one. Write the measure.
#
# **Contract:** `my_near_share(z, codes, r)`: (M, D), (n, D), a radius → the share of the M points that have a code within r.


# %% tags=["starter"]
def my_near_share(z, codes, r):
    distances = torch.cdist(z, codes)  # (M, n)
    return distances <= r  # (M, n); asked for is one number


# %%
checks.near_share(my_near_share)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_near_share(z, codes, r):
#     distances = torch.cdist(z, codes)  # (M, n)
#     return (distances.min(1).values <= r).float().mean()
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Bug hunt: the second step goes astray
#
# **★★☆ · 8 minutes.** This loop runs, and its loss even falls for a while. It is wrong from the second batch on. Find the line that is missing.
#
# **Contract:** `my_training_loop(model, batches, lr)`: trains the model by plain gradient steps on the squared error, one a batch (N, D), and returns its weights in one row: torch.cat([p.detach().flatten() for p in model.parameters()]).


# %% tags=["starter"]
def my_training_loop(model, batches, lr):
    for x in batches:
        loss = (model(x) - x).square().sum(1).mean()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# %%
checks.training_loop(my_training_loop)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_training_loop(model, batches, lr):
#     for x in batches:
#         loss = (model(x) - x).square().sum(1).mean()
#         model.zero_grad()  # backward() adds to what is there
#         loss.backward()
#         with torch.no_grad():
#             for p in model.parameters():
#                 p -= lr * p.grad
#     return torch.cat([p.detach().flatten() for p in model.parameters()])
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · Break it: find a hole
#
# **★★☆ · 8 minutes.** Find a point amid the codes, yet far from every one of them. The decoder has never seen anything like it. The checker tries your function on three clouds; afterwards try it on `z_test` and decode what you found with `ae2`.
#
# **Contract:** `my_hole(codes)`: a cloud of codes (n, 2) → a point (2,) inside the cloud's range and far from every code.


# %% tags=["starter"]
def my_hole(codes):
    low, high = codes.min(0).values, codes.max(0).values  # (2,) each
    candidates = low + (high - low) * torch.rand(1000, 2)
    return candidates[0]  # which one should it be?


# %%
checks.hole(my_hole)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_hole(codes):
#     low, high = codes.min(0).values, codes.max(0).values  # (2,) each
#     candidates = low + (high - low) * torch.rand(1000, 2)
#     return candidates[torch.cdist(candidates, codes).min(1).values.argmax()]
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. Train the live cell of section 3 with the bends removed (delete both `nn.SiLU()` and the `nn.LayerNorm`). What error do you get from `squared_error(torch.sigmoid(model(x_test)[0]))`, and with which other method does it compare?
#
# <details><summary>Answer</summary>
#
# Each chain is then one matrix and a shift, as in PCA, so PCA is the method to compare with. One bend is left, the sigmoid at the end, which keeps
# the paper white. Cutting PCA's own output off at 0 and 1 does the same for PCA and lowers its error from 0.0168 to 0.0152.
#
# </details>
#
# 2. In section 6, add a little noise to codes of training images instead of drawing from a normal: `z_train[:10] + 0.3 * standard[:10]`. Are these new images? Would you call this a generator?
#
# <details><summary>Answer</summary>
#
# They are digits, but each is a small change of one image that was stored. As a $p(z)$ this is a sum of 60,000 narrow bumps,
# one a training image. It must keep all codes in memory, and it knows nothing between the bumps.
#
# </details>
#
# ## Summary
#
# - An autoencoder is two networks, $z = g(x)$ and $\hat x = f(z)$, trained only to give $x$ back.
# - With 32 numbers an image its squared error is more than four times smaller than PCA's.
# - Codes of similar images lie together, and the line between two codes decodes to a smooth change.
# - It cannot generate: nothing ties the codes to a distribution $p(z)$ that we could draw from.
#
# ## Three questions to answer from memory
#
# Say your answer before you read the choices.

# %%
widgets.Quiz("autoencoder.pca", "autoencoder.decoder-output", "autoencoder.junk")

# %% [markdown]
# **Next:** [02 From Bayes to the ELBO](02_elbo.ipynb), from $p(x) = \int p(x \mid z)\, p(z)\, dz$ to a bound that can be computed: the ELBO.
