# %% [markdown]
# # 01 · The autoencoder: an image in 32 numbers
#
# Each digit below appears twice. One row shows the original images, which take 784 numbers each. The other row was rebuilt by a network from only **32 numbers** per image. Which row is which?

# %%
import math
import torch
from itertools import pairwise
from torch import nn
from torch.nn import functional as F
from vqedu import checks, data, plots, pretrained, widgets
from vqedu.pretrained import sweeps

RETRAIN = False  # True: train the shipped networks of this notebook here (about 4 minutes on 2 cores)

# %%
images = data.load("mnist")
x_test, y_test = images.test
first_of_each = [int((y_test == digit).nonzero()[0]) for digit in range(10)]
x = x_test[first_of_each]  # (10, 1, 28, 28)

# %%
ae32 = pretrained.load("ae-32d")
with torch.no_grad():
    rebuilt = torch.sigmoid(ae32(x).logits)  # (10, 1, 28, 28)

plots.image_grid({"A": rebuilt.numpy(), "B": x.numpy()}, "Which row was rebuilt from 32 numbers per image?")

# %% [markdown]
# Row A is the rebuilt one: its strokes are a little smoother, and the small loop of the 5 is filled in. How can 32 numbers replace 784? And once we have a network that turns 32 numbers into a digit, can we feed it 32 *random* numbers and get a new digit?
# This notebook answers the first question. Answering the second takes the rest of the course.
#
# **After this notebook you can**
#
# - build and train an autoencoder, and say what each line does,
# - measure how much better it is than the best *linear* compression (PCA),
# - say how the error depends on the number of latent dimensions,
# - read a map of codes, and interpolate between two images in latent space,
# - explain, with numbers, why random codes do not decode to digits.
#
# **Time:** 45 minutes, and 60 for the exercises. **Builds on:** [00 Start here](00_start_here.ipynb), matrix products, the basics of PyTorch. **Symbols:** [glossary and notation](11_glossary.ipynb).

# %% [markdown]
# ## 1. What is an image to a computer?
#
# We use MNIST, a data set of handwritten digits. An image $x$ is a table of $28 \times 28 = 784$ gray levels between 0 (paper) and 1 (ink).
# The shape `(1, 28, 28)` means one color channel, 28 rows, and 28 columns.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "At every pixel, both rows have the same gray levels on average. What has the second row lost?"
# > - **Usually answered:** "The shapes." Push for the reason: in a digit, one pixel tells you about its neighbors.
# > - **Show:** First the two rows at the top, with a show of hands, then the two rows of section 1.

# %%
print(f"{len(images.train.x):,} images to learn from, {len(x_test):,} to test on, each {tuple(x_test.shape[1:])}")

# %% [markdown]
# Why should fewer than 784 numbers be enough? Because the pixels of a digit depend on each other. If a pixel is ink, its neighbor probably is, too, since a stroke is several pixels wide and continues in some direction.
# To see how much this matters, we destroy the dependence: in the second row below, each pixel is copied from the same position in a training image, and that image is chosen at random, separately for each pixel.

# %%
generator = torch.Generator().manual_seed(0)
flat = images.train.x.flatten(1)  # (60000, 1, 28, 28) -> (60000, 784)
source = torch.randint(len(flat), (10, 784), generator=generator)  # for each pixel, the image it comes from
independent = flat[source, torch.arange(784)].view(-1, 1, 28, 28)

plots.image_grid(
    {"digits": x.numpy(), "independent pixels": independent.numpy()},
    "The same gray levels at each pixel, but only in the digits do pixels depend on each other",
)

# %% [markdown]
# At every single pixel, both rows have the same distribution of gray levels. Yet in the first row you could guess a missing pixel from the others, and in the second row you could not. A short description must exploit
# this dependence: where one pixel can be predicted from another, it does not have to be stored.

# %%
widgets.Quiz("autoencoder.snow")

# %% [markdown]
# ## 2. A linear baseline: PCA
#
# Before we train a network, we should know what can be done without one. Principal component analysis (PCA) finds the 32 directions in pixel space along which the training images vary most. The code of an
# image consists of its 32 coordinates along these directions, measured from the mean image. To decode, sum the directions weighted by their coordinates and add the mean image. The directions are the eigenvectors of the pixels' covariance matrix with the 32 largest eigenvalues.
#
# A code is *linear* if encoding and decoding are each a matrix product and a shift. Among all linear codes of 32 numbers, PCA has the smallest squared error on the training images. That makes it the baseline to beat.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Which other linear code of 32 numbers could beat PCA on the training images?"
# > - **Usually answered:** "One that is trained longer", or "a neural network". No linear code can, so whatever the autoencoder gains must come from being nonlinear.
# > - **Show:** The two cells, nothing more. Ask for guesses of the factor before you scroll on.

# %%
mean = flat.mean(0)  # (784,)
_, vectors = torch.linalg.eigh(torch.cov(flat.T))  # columns sorted by variance, largest last
V = vectors[:, -32:]  # (784, 32)


# %%
def pca(x):
    z = (x.flatten(1) - mean) @ V  # (N, 784) -> (N, 32)
    return (z @ V.T + mean).view_as(x)  # (N, 32) -> (N, 784) -> (N, 1, 28, 28)


# %% [markdown]
# To compare this with other codes, we compute the squared error per pixel on the test images, which were not used to find the directions.


# %%
def squared_error(x_hat):
    return (x_hat - x_test).square().mean()  # per pixel, over all test images


pca_error = squared_error(pca(x_test))
print(f"PCA with 32 numbers: squared error {pca_error:.4f} per pixel")

# %%
widgets.Prediction("autoencoder.factor")

# %% [markdown]
# ## 3. The autoencoder
#
# An autoencoder replaces the two matrix products of PCA with two networks:
#
# $$z = g(x), \qquad \hat x = f(z).$$
#
# The **encoder** $g$ maps 784 pixels to 32 numbers, and the **decoder** $f$ maps the 32 numbers back to 784 pixels.
# The vector $z$ is called the *code*, or the **latent** vector. Latent means hidden: $z$ is not in the data, and the network is free to choose what its numbers mean. All we ask is that $\hat x$ resemble $x$.
# Since everything has to pass through 32 numbers, this narrow layer is called the **bottleneck**.
#
# ### The network
#
# Encoder and decoder are each a chain of linear layers. On their own, linear layers would only make another linear function, because a product of matrices is again a matrix, and such a network could not beat PCA. So between the layers we put a **nonlinearity**, or *activation function*,
# which is applied to each number separately. The classic one is the *ReLU*, which replaces negative numbers with zero; we use *SiLU*, a smooth version of it. *LayerNorm* normalizes the numbers in a layer, for each image separately, to mean 0 and variance 1 (and then applies a learned scale and shift),
# which makes training faster. (There is no LayerNorm after the first layer, because in the decoder it would hide how far $z$ is from the origin: the numbers would have the same size for a $z$ near the origin and for one far away.)

# %% [markdown] tags=["slide-90"]
# ## The autoencoder: 784 numbers through 32
#
# $$z = g(x), \qquad \hat x = f(z)$$
#
# The encoder $g$ and the decoder $f$ are neural networks, trained together so that $\hat x$ comes close to $x$.
#
# **What would they be without activation functions?**

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "What would this network be without its activation functions?" and, after the loss: "What changes if we average over the pixels instead of summing?"
# > - **Usually answered:** "A smaller network", and "nothing". Without the activations it is at best PCA. The average breaks the link to a probability, and notebook 02 needs that link.
# > - **Show:** The class, then the live epoch (5 seconds; let it run while you talk), then the loss curve and the picture with three rows.


# %%
def mlp(*sizes):
    layers = [nn.Linear(sizes[0], sizes[1]), nn.SiLU()]
    for n_in, n_out in pairwise(sizes[1:-1]):
        layers += [nn.Linear(n_in, n_out), nn.LayerNorm(n_out), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


# %% [markdown]
# `mlp(784, 400, 400, 32)` is such a chain (a *multilayer perceptron*): 784 numbers in, two hidden layers of 400, and 32 numbers out. The autoencoder consists of two of them, one the mirror image of the other.


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
# ### The loss
#
# The last layer of the decoder outputs one number per pixel, anywhere between $-\infty$ and $\infty$. Such a number is called a **logit**, $l$. The sigmoid $s(l) = 1 / (1 + e^{-l})$ turns it into a gray level between 0 and 1,
# and we read this gray level as a probability: the pixel is ink with probability $s(l)$.
#
# A good decoder assigns a high probability to what is really there. If a pixel is ink ($x_i = 1$), the loss is $-\log s(l_i)$; if it is paper ($x_i = 0$), the loss is $-\log(1 - s(l_i))$. A gray pixel counts as partly ink and partly paper.
# Summed over all pixels, this is the **cross-entropy**:
#
# $$-\sum_{i=1}^{784} \Big[ x_i \log s(l_i) + (1 - x_i) \log\big(1 - s(l_i)\big) \Big].$$
#
# With the natural logarithm it is measured in **nats** (1 nat is 1.44 bits). We sum over the 784 pixels, so the loss is in nats per image. Given the code, the decoder treats the pixels as independent: the probability that it assigns to an image is a product over the pixels, and the logarithm of a product is a sum. From notebook 02 on, minus this log-probability
# will be one term of our loss, and an average over pixels would make that term 784 times too small.


# %%
def reconstruction(logits, x):
    pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")  # (N, 1, 28, 28)
    return pixels.flatten(1).sum(1)  # (N,), nats per image


# %% [markdown]
# What is a good value? For images with gray levels the loss cannot reach zero: it is smallest if $s(l_i) = x_i$ at every pixel, and even then gray pixels contribute. (A pixel with $x_i = 1/2$, for example, never costs less than $\log 2$.) Let us compute this *floor*, together with the value for a
# decoder that outputs probability 1/2 everywhere.

# %%
floor = F.binary_cross_entropy(x_test, x_test, reduction="none").flatten(1).sum(1).mean()
print(f"probability 1/2 for every pixel: {784 * math.log(2):5.1f} nats per image")
print(f"perfect reconstructions:         {floor:5.1f} nats per image (the floor)")

# %% [markdown]
# ### Training
#
# Training repeats three steps: take a batch of images, compute the loss and its gradient, and let the optimizer move the
# weights a little against the gradient. One pass through all training images is called an *epoch*. The next cell runs one epoch, which takes about 5 seconds.

# %%
torch.manual_seed(0)
model, losses = Autoencoder(32), []
torch.set_grad_enabled(True)  # a later cell switches gradients off
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in torch.randperm(len(images.train.x)).split(128):
    x_batch = images.train.x[batch]
    logits, z = model(x_batch)
    loss = reconstruction(logits, x_batch).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

# %% tags=["nbval-ignore-output"]
torch.set_grad_enabled(False)  # from here on nothing is trained
after_one_epoch = reconstruction(model(x_test)[0], x_test).mean()
print(f"after one epoch: {after_one_epoch:.1f} nats per image on the test images")

# %% [markdown]
# The models of this course are trained by loops like this one. Later notebooks mostly leave the loop to `training.fit`, which adds a progress bar and a
# learning rate that first rises and then falls. The course comes with the same network trained for 20 epochs; you saw its images in row A. (It returns its output under a name, `.logits`, whereas our class returns a pair.) How far did it get?

# %%
if RETRAIN:
    ae32, history = pretrained.retrain("ae-32d", images.train)

after_twenty = reconstruction(ae32(x_test).logits, x_test).mean()
print(f"after 20 epochs: {after_twenty:.1f} nats per image on the test images")

# %%
steps = list(range(10, 461, 10))
smoothed = torch.tensor(losses[:460]).view(-1, 10).mean(1).tolist()  # means over 10 batches
ends = (steps[0], steps[-1])
plots.lines(
    {
        "this epoch": (steps, smoothed),
        "after 20 epochs": (ends, [after_twenty.item()] * 2),
        "floor of 45.5": (ends, [floor.item()] * 2),
    },
    "One epoch covers most of the way to the floor",
    "training step (batches of 128 images)",
    "loss in nats per image",
    colors={"this epoch": "decoder", "after 20 epochs": "data", "floor of 45.5": "warning"},
    dashed=("after 20 epochs", "floor of 45.5"),
    ylim=(30, 260),
)

# %% [markdown]
# The loss starts near 543, above the top of the figure, because an untrained network outputs probabilities near 1/2, and it falls below 100 within about two hundred steps. After that, progress is slow: the network trained for twenty epochs is only about 17 nats better, while the first hundred steps gained about 400. No amount of training can get below the
# floor, so of the 56.6 nats of the trained network only about 11 are its own error.
#
# ### Against PCA
#
# Now we can check your guess from the end of section 2.

# %%
x_hat = torch.sigmoid(ae32(x_test).logits)
ae_error = squared_error(x_hat)
print(f"autoencoder with 32 numbers: squared error {ae_error:.4f} per pixel (expect 0.0035 to 0.0041)")
print(f"PCA with 32 numbers:         squared error {pca_error:.4f} per pixel")
print(f"PCA, clipped to 0..1:        squared error {squared_error(pca(x_test).clamp(0, 1)):.4f} per pixel")
print(f"the autoencoder's error is {pca_error / ae_error:.1f} times smaller than PCA's")

# %% [markdown] tags=["slide-90"]
# ## PCA leaves ghosts, the autoencoder does not

# %%
plots.image_grid(
    {"$x$": x.numpy(), "PCA": pca(x).clamp(0, 1).numpy(), "autoencoder": x_hat[first_of_each].numpy()},
    "With 32 numbers per image, the autoencoder's images are sharp, while PCA leaves ghosts",
)

# %% [markdown]
# PCA can only add up 32 fixed pictures, each of which covers the whole image, so faint shadows remain on the paper. The autoencoder is nonlinear: the effect of one latent number depends on the other 31, so
# a stroke can move without leaving a shadow behind. The sigmoid at the end, which keeps the paper white, accounts for only a small part of the gain: clipping PCA's output to the range from 0 to 1 does the same for PCA, and its error, 0.0152, is then still four times the autoencoder's 0.0038.

# %%
widgets.Quiz("autoencoder.sum")

# %% [markdown]
# ## 4. How many numbers does it take?
#
# We chose 32, but why not 8 or 64? The number of latent dimensions is the width of the bottleneck, and a wider one can only help the reconstruction. The question is how much. Sketch your guess first.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 4 minutes.**
# >
# > - **Ask:** "If we double the number of latent dimensions, what happens to the error?"
# > - **Usually answered:** "It halves", which is roughly right from 4 to 32, where each doubling multiplies the error by 0.54 to 0.58, and wrong from 32 to 64, where the factor is 0.74.
# > - **Show:** The figure. Then ask what an autoencoder with 784 latent dimensions would learn.

# %%
widgets.Prediction("autoencoder.sizes")

# %% [markdown]
# Seven autoencoders were trained in the same way (5 epochs each, one seed), with 1 to 64 latent dimensions. Because of the shorter training, the one with 32 numbers does not quite reach the 0.0038 of section 3. PCA gets as many numbers as the autoencoder, and its output is clipped to the range from 0 to 1.

# %%
runs = sweeps.latent_sizes()
sizes = [run["latent_dim"] for run in runs]
for run in runs:
    print(
        f"{run['latent_dim']:2d} latent dimensions: {run['nats']:5.1f} nats, squared error {run['squared_error']:.4f}"
    )

# %%
plots.lines(
    {
        "PCA": (sizes, [run["pca_squared_error"] for run in runs]),
        "autoencoder": (sizes, [run["squared_error"] for run in runs]),
    },
    "With 8 or more latent dimensions, the autoencoder's error is less than half of PCA's",
    "latent dimensions",
    "squared error per pixel",
    colors={"PCA": "data", "autoencoder": "encoder"},
    xscale="log",
    marker="o",
    xticks=sizes,
    xticklabels=[str(size) for size in sizes],
    ylim=(0, 0.065),
)

# %% [markdown]
# The first few dimensions matter most: from 1 to 16 the error falls from 0.0480 to 0.0085, about a sixth of where it started. From 32 to 64 it still falls by a quarter, but little is left to gain: with 64 the loss is 56.3 nats, close to the floor of 45.5, although these networks were trained for only 5 epochs.
# PCA's error is 1.3 times the autoencoder's with one number, three times with 16 or 32, and only twice with 64. With one number neither method can describe much, and with 64 PCA does quite well on its own. So a nonlinear network has its largest advantage over PCA when the bottleneck is *moderately* narrow.
#
# A small error is not the goal in itself, though. With 784 latent dimensions and hidden layers that are wide enough, a network could copy every image without learning anything about digits.

# %%
widgets.Quiz("autoencoder.code-size")

# %% [markdown]
# ## 5. Two numbers: a map
#
# With two latent dimensions we can look at all codes at once. The decoded images are blurry, because two numbers cannot describe everything about a digit, but the map is worth it.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "The network never saw a label. Will the 3s lie together?"
# > - **Usually answered:** "No, there were no labels."
# > - **Show:** The ten panels first. Then the explorer, projected large: let a student drag the ring from the 0s to the 1s, then far away from all codes. Draw a 7 with a bar through it, and ask where its code will be before you lift the pen.

# %%
widgets.Prediction("autoencoder.threes")

# %%
if RETRAIN:
    ae2, history = pretrained.retrain("ae-2d", images.train)
else:
    ae2 = pretrained.load("ae-2d")

z_test = ae2.encode(x_test)  # (10000, 2)

# %%
shown = z_test[:3000].numpy(), y_test[:3000].numpy()
plots.class_maps(*shown, "Without any labels, codes of the same digit mostly end up together; the 5s form two groups")

# %%
plots.map_and_closeup(
    *shown, (-2, 1.5, -1.5, 2), "The 1s, 4s, 7s, and 9s crowd the middle; the other digits spread out"
)

# %% [markdown]
# The 3s do lie mostly together, and there is a reason. The encoder is a smooth function, so similar images get similar codes, and the decoder is smooth as well, so neighboring codes decode to similar images.
# But look at the shape of the map. The 5s are in two places. Half of all codes, among them most of the 1s, 4s, 7s, and 9s, crowd into the box of the close-up, which is only 3.5 units wide, while the 0s, 2s, and 3s spread out to distances of 10 and more from the origin, with empty regions in between.
# Nothing in the loss asked for a tidier map.
#
# Explore it yourself: drag the ring from the 0s to the 1s, find the border between the 4s and the 9s, and draw a digit of your own on the left.

# %% [markdown] tags=["slide-180"]
# ## It never saw a label. Do the 3s lie together?

# %%
widgets.LatentExplorer(ae2, images.test, title="Two latent dimensions: drag z over the map of codes")

# %%
widgets.Quiz("autoencoder.four-nine")

# %% [markdown]
# ## 6. A walk between two images
#
# What lies between two images? Take their codes $z_a$ and $z_b$, now in 32 dimensions, and decode points along the straight line between them. This is called **interpolation** in latent space:
#
# $$z_t = (1 - t)\, z_a + t\, z_b, \qquad 0 \le t \le 1.$$
#
# For comparison we interpolate the pixels themselves, as a cross-fade in a film does.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 4 minutes.**
# >
# > - **Ask:** "How does this walk differ from a cross-fade in a slide show?"
# > - **Usually answered:** "It is the same, only with fewer numbers."
# > - **Show:** The two rows. Then the second explorer: *A = here*, *B = here*, *Play*.

# %%
widgets.Prediction("autoencoder.walk")

# %%
a, b = x_test[34:35], x_test[256:257]  # a 7 and a 2, each (1, 1, 28, 28)
t = torch.linspace(0, 1, 9).view(-1, 1)  # (9, 1)
z_t = (1 - t) * ae32.encode(a) + t * ae32.encode(b)  # (9, 32)
walk = torch.sigmoid(ae32.decode(z_t))  # (9, 1, 28, 28)

t_pixels = t.view(-1, 1, 1, 1)
fade = (1 - t_pixels) * a + t_pixels * b

# %% [markdown] tags=["slide-180"]
# ## Interpolate codes, not pixels

# %%
plots.image_grid(
    {"latent space": walk.numpy(), "pixels": fade.numpy()},
    "Interpolating codes changes the shape of the strokes; interpolating pixels overlays two images",
    columns=[f"t = {value:.2f}" for value in t.flatten().tolist()],
)

# %% [markdown]
# In the upper row the bar of the 7 bends into the neck of the 2, and the foot of the 2 grows out of the stem of the 7. In the lower row nothing moves: one image fades out while the other fades in.
#
# This pair was chosen because it shows the effect well. As you saw in notebook 00, other walks pass through a third digit or through scribbles, since nothing in the loss concerns the points *between* codes.
#
# In the next explorer, the sliders move along the eight directions in which the codes vary most. Pick a digit and press *A = here*, pick another and
# press *B = here*, then *Play*. After that, press **Sample z ~ N(0, I)** a few times. What you see then is the subject of the next section.

# %% [markdown] tags=["slide-180"]
# ## A walk through 32 dimensions

# %%
widgets.LatentExplorer(ae32, images.test, title="32 latent dimensions: slide along the main directions of the codes")

# %%
widgets.Quiz("autoencoder.linear-walk")

# %% [markdown]
# ## 7. Can it invent images?
#
# The decoder turns any $z$ into an image. So to create a new digit, we might simply draw a random $z$ and decode it. Let us try with $z \sim N(0, I)$, the *standard normal* (or *Gaussian*) distribution:
# each of the 32 numbers is drawn independently, with mean 0 and variance 1.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 11 minutes.**
# >
# > - **Ask:** "The decoder turns any code into an image. Can this network invent digits?"
# > - **Usually answered:** "Yes, just feed it random numbers."
# > - **Show:** Ten random codes, in silence. Then the second row: mean and covariance are now right, and it still fails. Ask why before you show the histogram. End on $p(z)$, the one thing that is missing.

# %% [markdown] tags=["slide-45"]
# ## Can this network invent digits?

# %%
widgets.Prediction("autoencoder.random")

# %%
generator = torch.Generator().manual_seed(0)
z_train = ae32.encode(images.train.x)  # (60000, 32)
standard = torch.randn(2000, 32, generator=generator)  # z ~ N(0, I)

center, L = z_train.mean(0), torch.linalg.cholesky(torch.cov(z_train.T))
fitted = center + standard @ L.T  # same mean and covariance as the codes of the training images

# %% [markdown] tags=["slide-45"]
# ## Random codes decode to strokes, not digits

# %%
plots.image_grid(
    {
        "$z \\sim N(0, I)$": torch.sigmoid(ae32.decode(standard[:10])).numpy(),
        "fitted Gaussian": torch.sigmoid(ae32.decode(fitted[:10])).numpy(),
        "codes of real images": x_hat[:10].numpy(),
    },
    "Random codes decode to strokes that are not digits",
)

# %% [markdown]
# In the first row none of the ten is clearly a digit, although the fourth comes close. Perhaps that was unfair, because we ignored where the codes are. The second row is drawn from a Gaussian with the mean and the covariance of the real codes
# (the matrix $L$ satisfies $L L^\top = $ covariance; multiplying standard normal draws by $L$ gives them this covariance, so it stretches the round cloud of draws into the right ellipsoid). A few now come close to a digit, but most do not. Why?
#
# Our suspicion is that the random codes are not where the real codes are. To check this, we measure the distance from a code to the nearest code of a training image.
# How small must it be to count as near? The codes of *test* images show what is usual, so we choose the radius $r$ that 95% of their distances do not exceed, and call any code *near* a training code if its distance is at most $r$.


# %%
def nearest(z):
    return torch.cat([torch.cdist(part, z_train).min(1).values for part in z.split(500)])  # (N,)


# %%
distances = {"codes of test images": nearest(ae32.encode(x_test[:2000]))}
distances |= {"fitted Gaussian": nearest(fitted), "N(0, I)": nearest(standard)}
r = distances["codes of test images"].quantile(0.95)
for name, distance in distances.items():
    print(f"{name:22s} {(distance <= r).float().mean():4.0%} near a code of a training image")

# %%
plots.histograms(
    {name: distance.numpy() for name, distance in distances.items()},
    "Most random codes are farther from the training codes than the codes of test images are",
    "distance to the nearest code of a training image",
    colors={"codes of test images": "encoder", "fitted Gaussian": "data", "N(0, I)": "prior"},
    mark=("r", r.item()),
)

# %% [markdown]
# Only 15% of the draws from the fitted Gaussian and 4% of those from $N(0, I)$ are near a real code, against 95% of the codes of test images. The codes of digits fill a small and irregular part of the 32-dimensional space. An ellipsoid
# that covers them also covers a lot of empty space, and that is where most random points fall. The decoder was never trained there, so there is no reason why its output should look like a digit.
#
# ### What is missing?
#
# To generate images we would have to know how the codes are distributed. Call this distribution $p(z)$, the **prior**. If we knew it, we would draw $z$ from $p(z)$, and then an image from
# $p(x \mid z)$, the probabilities that the decoder computes from $z$. The probability of an image would be a sum over all codes that could have produced it:
#
# $$p(x) = \sum_z p(x \mid z)\, p(z), \qquad \text{or, for a continuous } z, \quad p(x) = \int p(x \mid z)\, p(z)\, dz.$$
#
# The autoencoder has a good $p(x \mid z)$, its decoder, but it has no $p(z)$, because its training never asked for one. There are two ways out.
# We can fit a $p(z)$ to the codes afterward, with something more flexible than a Gaussian; the second half of the course does that for discrete codes. Or we can choose a simple $p(z)$ *first* and train the
# encoder so that the codes follow it. That is the idea of the VAE.

# %%
widgets.Quiz("autoencoder.stored-codes")

# %% [markdown]
# ## 8. Where we are going
#
# Here is what the second way leads to. The VAE below has the same two latent dimensions as the autoencoder of section 5, but its loss contains a second term, which pulls the codes toward $N(0, I)$. Both networks decode the same twelve random codes. The second cell then counts codes near the origin. (The VAE's encoder returns two things; `[0]` picks the one that we use as the code here, and notebook 04 explains the other.)

# %%
vae2 = pretrained.load("vae-2d")
draws = torch.randn(12, 2, generator=torch.Generator().manual_seed(0))
plots.image_grid(
    {"autoencoder": torch.sigmoid(ae2.decode(draws)).numpy(), "VAE": torch.sigmoid(vae2.decode(draws)).numpy()},
    "The same twelve draws from N(0, I): the VAE turns nearly all of them into digits",
)

# %%
codes = {"autoencoder": z_test, "VAE": vae2.encode(x_test)[0]}
for name, z in codes.items():
    print(
        f"{name:11s} codes of test images within 2 of the origin: {(z.norm(dim=1) < 2).float().mean():3.0%}, farthest {z.norm(dim=1).max():4.1f}"
    )
print(f"N(0, I)     draws within 2 of the origin: {1 - math.exp(-2):.0%}")

# %% [markdown]
# Only 47% of the autoencoder's codes are within 2 of the origin, whereas $N(0, I)$ puts 86% of its draws there (in two dimensions, the probability of landing within $R$ of the origin is $1 - e^{-R^2/2}$). So digits whose codes are farther out hardly ever turn up: the autoencoder's row has no 0, while the VAE's has two. Of the VAE's codes, 85% are within 2 of the origin, almost exactly the same share as for draws from $N(0, I)$.
# Compare the two maps: pick a digit, drag $z$, and find the holes.

# %%
widgets.SideBySideExplorer(ae2, vae2, images.test)

# %% [markdown]
# The next three notebooks explain why this works: 02 derives the second term of the loss, 03 finds a way to pass gradients through a random draw, and in 04 you build and train the VAE.

# %% [markdown]
# ## Exercises (60 minutes)
#
# Replace the starter code, run the two cells, and read the card that appears. You can unfold its hints one at a time. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The cross-entropy of an image
#
# **★★☆ · 8 minutes.** In section 3 we left the cross-entropy to torch. Now write it yourself. To stay exact for large logits, use `F.logsigmoid(l)`, which is $\log s(l)$; for the other term, note that $1 - s(l) = s(-l)$.
#
# **Contract:** `my_reconstruction(logits, x)`: two float tensors (N, 1, H, W), x in [0, 1] → (N,), nats per image.


# %% tags=["starter"]
def my_reconstruction(logits, x):
    ink = -x * F.logsigmoid(logits)
    paper = ...
    return ink + paper  # (N, 1, H, W), but the contract asks for (N,)


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
# ### Exercise 2 · Bug hunt: a training loop
#
# **★★☆ · 8 minutes.** This loop runs without an error, and its loss even falls for a while, but it does not do what it should. Find out what is wrong.
#
# **Contract:** `my_training_loop(model, batches, lr)`: trains the model by plain gradient steps on the squared error (summed over the numbers of an example, averaged over the batch), one step per batch (N, D), and returns its weights in one row: torch.cat([p.detach().flatten() for p in model.parameters()]).


# %% tags=["starter"]
def my_training_loop(model, batches, lr):
    for x in batches:
        loss = (model(x) - x).square().sum(1).mean()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# %% tags=["undiagnosed", "nbval-ignore-output"]
checks.training_loop(my_training_loop)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_training_loop(model, batches, lr):
#     for x in batches:
#         loss = (model(x) - x).square().sum(1).mean()
#         model.zero_grad()  # backward() adds to the gradients that are already there
#         loss.backward()
#         with torch.no_grad():
#             for p in model.parameters():
#                 p -= lr * p.grad
#     return torch.cat([p.detach().flatten() for p in model.parameters()])
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Break it: find a hole
#
# **★★☆ · 8 minutes.** Find a point that lies within the range of the codes but is far from every one of them. To say what counts as far, let $r$ be the distance within which 95% of the codes have their nearest neighbor; your point must be at least $2r$ away from every code. The decoder was never trained there. The checker tries your function on three clouds of codes; afterward, try it on `z_test` and decode what you found with `ae2`.
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

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Build it: a convolutional autoencoder
#
# **★★★ · 35 minutes.** The network of this notebook treats an image as a list of 784 numbers. A convolutional network uses the fact that neighboring pixels belong together: it applies the same small filter everywhere. Does that help?
# Build and train an autoencoder with convolutions in both halves and a code of 32 numbers. Its loss on the 10,000 test images should be at most **64 nats per image**, and building and training it may take at most 60 seconds on two cores (the checker stops it after 90 seconds of computing). That is enough for two passes over the training images. When training is this short, the learning rate, its schedule, and normalization layers matter as much as the convolutions do.
#
# For comparison, our multilayer perceptron needs twenty passes to reach 56.6 nats. You may use anything from torch.
#
# **Contract:** `my_autoencoder(x)`: the 60,000 training images (60000, 1, 28, 28) → a trained torch module with two methods, `encode(x)`: (N, 1, 28, 28) → (N, 32), and `decode(z)`: (N, 32) → logits (N, 1, 28, 28). Both use a convolution. The checker calls the module's `.eval()` first.


# %% tags=["starter"]
def my_autoencoder(x): ...  # build the encoder and the decoder, train both, return a module with encode and decode


# %%
checks.build_autoencoder(my_autoencoder)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# This solution takes 20 to 40 seconds. Without `BatchNorm2d` but with the same training, the loss is near 69, because normalization is what permits such a large learning rate. With a learning rate of at most 3e-3, batches of 64, and twice as many channels, a network without any normalization reached 59.3 nats in one run.
#
# ```python
# class Convolutional(nn.Module):
#     def __init__(self):
#         super().__init__()
#         self.encoder = nn.Sequential(
#             *(nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.BatchNorm2d(16), nn.SiLU()),  # (N, 16, 14, 14)
#             *(nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.BatchNorm2d(32), nn.SiLU()),  # (N, 32, 7, 7)
#             *(nn.Flatten(), nn.Linear(32 * 49, 256), nn.LayerNorm(256), nn.SiLU(), nn.Linear(256, 32)),
#         )
#         self.decoder = nn.Sequential(
#             *(nn.Linear(32, 256), nn.SiLU(), nn.Linear(256, 32 * 49), nn.Unflatten(1, (32, 7, 7))),
#             *(nn.BatchNorm2d(32), nn.SiLU(), nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1)),  # (N, 16, 14, 14)
#             *(nn.BatchNorm2d(16), nn.SiLU(), nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1)),  # (N, 1, 28, 28)
#         )
#
#     def encode(self, x):
#         return self.encoder(x)
#
#     def decode(self, z):
#         return self.decoder(z)
#
#
# def my_autoencoder(x, epochs=2, size=128, lr=8e-3):
#     model, steps = Convolutional(), epochs * (len(x) // size)
#     optimizer = torch.optim.Adam(model.parameters(), lr=lr)
#     schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps, pct_start=0.1)
#     for _ in range(epochs):
#         for batch in torch.randperm(len(x))[: len(x) // size * size].split(size):
#             logits = model.decode(model.encode(x[batch]))
#             pixels = F.binary_cross_entropy_with_logits(logits, x[batch], reduction="none")
#             loss = pixels.flatten(1).sum(1).mean()  # nats per image
#             optimizer.zero_grad()
#             loss.backward()
#             optimizer.step()
#             schedule.step()
#     return model
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. In section 3, remove the activation functions from `mlp` (delete both `nn.SiLU()` and the `nn.LayerNorm`). Then rerun the cells from there through the one that prints the loss after one epoch. What squared error do you get from `squared_error(torch.sigmoid(model(x_test)[0]))`, and with which other method should you compare it?
#
# <details><summary>Answer</summary>
#
# Each network is now a single matrix and a shift, as in PCA, so PCA is the method to compare with. One nonlinearity is left, the sigmoid at the end, which keeps
# the paper white. Clipping PCA's output to the range from 0 to 1 has the same effect, and lowers PCA's error from 0.0168 to 0.0152.
#
# </details>
#
# 2. In section 7, add a little noise to the codes of training images instead of drawing from a Gaussian: `z_train[:10] + 0.3 * standard[:10]`. Are the decoded images new? Would you call this a generator?
#
# <details><summary>Answer</summary>
#
# They are digits, but each one is a small variation of a stored training image. As a distribution $p(z)$, this is a mixture of 60,000 narrow Gaussians,
# one per training image. It has to keep all codes in memory, and it leaves the space between them empty.
#
# </details>
#
# ## Summary
#
# - An autoencoder consists of two networks, $z = g(x)$ and $\hat x = f(z)$, trained only to reproduce $x$ through a narrow bottleneck.
# - With 32 numbers per image, its squared error is 4.5 times smaller than PCA's, because it is nonlinear. Its loss is 56.6 nats per image, of which 45.5 are the floor.
# - Similar images have similar codes, and short steps in latent space change the image smoothly.
# - It cannot generate: nothing ties its codes to a distribution $p(z)$ that we could draw from.
#
# **Next:** [02 From Bayes to the ELBO](02_elbo.ipynb) turns $p(x) = \int p(x \mid z)\, p(z)\, dz$ into a bound that we can compute and train.
