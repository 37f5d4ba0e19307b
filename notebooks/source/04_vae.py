# %% [markdown]
# # 04 · The variational autoencoder
#
# Every image on the map below was decoded by one small network from just two numbers, the coordinates of its place on the map. Drag $z$ across the map, or click it and use the arrow keys, and watch the digits turn into one another.

# %%
import math
import torch
from torch import nn
from torch.nn import functional as F
from vqedu import checks, data, losses, plots, pretrained, widgets
from vqedu.models import mlp, reparameterize

RETRAIN = False  # True: train the 2-D VAE of this notebook here (4 minutes on 2 free cores)
images = data.load("mnist")
x_test, y_test = images.test
vae2 = pretrained.retrain("vae-2d", images.train)[0] if RETRAIN else pretrained.load("vae-2d")

# %%
widgets.LatentExplorer(
    vae2, images.test, view="map", grid=True, title="A VAE's map: almost every place decodes to a digit"
)

# %% [markdown]
# In notebook 01 the decoder of an autoencoder turned most random codes into scribbles. Here almost every place decodes to a digit. What is different about its training? In this notebook you build such a model, a *variational autoencoder* (VAE), train it, and find out.
#
# **After this notebook you can**
#
# - turn the autoencoder of notebook 01 into a VAE with three changes, and train it,
# - generate digits by decoding draws from $N(0, I)$, and measure how well that works,
# - tell how many latent dimensions a VAE really uses.
#
# **Time:** 45 minutes, and 59 for the exercises, of which the last, *Build a VAE*, takes 35. **Builds on:** [02 From Bayes to the ELBO](02_elbo.ipynb) and [03 Reparameterization](03_reparameterization.ipynb). **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("vae.last-encoder", "vae.last-sigma", "vae.last-one-draw")

# %% [markdown]
# ## 1. From autoencoder to VAE
#
# We have all the parts. Notebook 01 left us with a good decoder and no idea where to draw codes from. Notebook 02 found a loss that keeps the codes close to the prior $N(0, I)$: minus the ELBO. Notebook 03 showed how its gradient reaches the encoder through a random draw. Putting them together takes three changes to the autoencoder, which the comments in the code mark:
#
# 1. The encoder outputs two numbers per latent dimension, $\mu$ and `logvar` $= \log \sigma^2$, where it used to output one. Together they define $q(z \mid x) = N(\mu, \sigma^2)$.
# 2. The code is drawn from $q(z \mid x)$.
# 3. The loss gains a second term, the KL from $q(z \mid x)$ to the prior.
#
# The decoder stays as it was.

# %% [markdown] tags=["slide-45"]
# ## From autoencoder to VAE
#
# - The encoder outputs $\mu(x)$ and $\log \sigma^2(x)$.
# - The code is a draw: $z = \mu + \sigma\, \varepsilon$.
# - The loss is the negative ELBO:
#
# $$-\log p(x \mid z) \;+\; \tfrac{1}{2} \sum_{d} \left( \mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2 \right)$$
#
# **Where will the codes lie now?**

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "Which lines of the autoencoder have to change?" Let the students dictate before you scroll.
# > - **Usually answered:** "The loss." After a pause: "and the encoder needs a variance". Almost nobody mentions the draw.
# > - **Show:** The class, the loss, then the live training. While it runs, ask what the loss will start from and where it will end.


# %%
class VAE(nn.Module):
    def __init__(self, latent_dim, hidden=(400, 400)):
        super().__init__()
        self.encoder = mlp(784, *hidden, 2 * latent_dim)  # change 1: mu and logvar
        self.decoder = mlp(latent_dim, *reversed(hidden), 784)

    def encode(self, x):
        return self.encoder(x.flatten(1)).chunk(2, dim=1)  # change 1: (N, 784) -> two (N, latent_dim)

    def decode(self, z):
        return self.decoder(z).view(-1, 1, 28, 28)  # logits

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = reparameterize(mu, logvar)  # change 2: z = mu + sigma * eps
        return self.decode(z), mu, logvar


# %% [markdown]
# Now the loss. Optimizers minimize, so we take **minus** the ELBO, which flips both signs: the cross-entropy is $-\log p(x \mid z)$, and the KL is added. For each image we sum the cross-entropy over its 784 pixels and the KL over the latent dimensions; only then do we average over the batch. In the code, `torch.expm1(logvar)` is $\sigma^2 - 1$, so the KL is the formula of notebook 02, $\frac12 (\mu^2 + \sigma^2 - 1 - \log \sigma^2)$, summed over the dimensions. The factor `beta` is 1 for the ELBO; [notebook 05](05_inside_the_vae.ipynb) shows what happens when it is not.


# %%
def elbo_loss(logits, x, mu, logvar, beta=1.0):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)  # (N,)
    kl = 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(1)  # change 3: (N,), nats per image
    return (reconstruction + beta * kl).mean()  # minus the ELBO


# %% [markdown]
# Let's train a VAE with 20 latent dimensions. Two passes over the 60,000 images take about ten seconds.

# %%
torch.manual_seed(0)
torch.set_grad_enabled(True)  # a later cell switches gradients off
model = VAE(20)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
curve = []
for _ in range(2):
    for batch in torch.randperm(len(images.train.x)).split(128):
        x = images.train.x[batch]
        logits, mu, logvar = model(x)
        loss = elbo_loss(logits, x, mu, logvar)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curve.append(loss.item())

# %% tags=["nbval-ignore-output"]
torch.set_grad_enabled(False)
logits, mu, logvar = model(x_test)
print(f"test images: {elbo_loss(logits, x_test, mu, logvar):.0f} nats per image (expect 111 to 115)")

# %%
averages = torch.tensor(curve).unfold(0, 20, 20).mean(1)  # one point per 20 steps
plots.lines(
    {"minus the ELBO on training batches": (torch.arange(len(averages)).mul(20).tolist(), averages.tolist())},
    "Most of the learning happens in the first few hundred steps",
    "training step",
    "nats per image",
    colors={"minus the ELBO on training batches": "data"},
)

# %% [markdown]
# You have trained your first VAE. To see what it can do, feed its decoder codes that belong to no image at all, draws from $N(0, I)$:

# %%
torch.manual_seed(1)
plots.image_grid(
    {
        "$x$": x_test[:12].numpy(),
        "reconstruction": torch.sigmoid(model(x_test[:12])[0]).numpy(),
        "new: $z \\sim N(0, I)$": torch.sigmoid(model.decode(torch.randn(12, 20))).numpy(),
    },
    "After ten seconds of training, random codes already decode to shapes like digits",
)

# %% [markdown]
# The last row is no match for real handwriting yet, but several of its images are readable. The autoencoder of notebook 01 was trained ten times as long, and yet its random codes decoded to scribbles.
#
# Which of the three changes made the difference? One way to find out is to undo them one at a time. Let's begin with the second, the draw; section 2 ends with a weaker KL.

# %%
widgets.Quiz("vae.no-draw")

# %% [markdown]
# ## 2. Two latent maps side by side
#
# Where does the VAE put its codes? We cannot draw a map of 20 dimensions, so we go back to two and compare the VAE of the first figure, which was trained for 80 epochs, with the two-dimensional autoencoder of notebook 01.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Where will the VAE's codes lie, and what happens to the holes?"
# > - **Usually answered:** "All at one point", from those who have understood the KL best. Ask them what that would do to the reconstruction term.
# > - **Show:** The two maps, then the grid of decoded images. Let a student drag one $z$ into a hole of the autoencoder's map in the side-by-side explorer.

# %% [markdown] tags=["slide-90"]
# ## Where will the VAE's codes lie?

# %%
widgets.Prediction("vae.map")

# %%
ae2 = pretrained.load("ae-2d")
mu2, logvar2 = vae2.encode(x_test)
digits = y_test[:3000].numpy()
plots.latent_maps(
    {
        "autoencoder: $z = g(x)$": (ae2.encode(x_test[:3000]).numpy(), digits),
        "VAE: $\\mu(x)$ of $q(z|x)$": (mu2[:3000].numpy(), digits),
    },
    "The autoencoder's codes scatter with holes between them; the VAE's fill a disk",
    prior_circle=True,
    limit=(17, 4),
)

# %%
inside = (mu2.norm(dim=1) < 2).float().mean()
print(f"{inside:.0%} of the VAE's means mu(x) lie inside the circle; of draws from N(0, I), 86% do")

# %% [markdown]
# The circle has radius 2. Be careful with the two percentages: the first is about the means of $q(z \mid x)$, which the map shows, and the second about draws from the prior. A draw from $q(z \mid x)$ also contains noise, so on average it lies a little farther out than the mean. Section 3 compares such draws with draws from the prior.
#
# Note the different scales: the square in the left map is the whole of the right map. The autoencoder spread its codes over a region more than four times as wide, crowded some digits together in the middle, and left large areas empty.
#
# The VAE could not do that. The KL pulls every $q(z \mid x)$ toward $N(0, I)$, so few codes stray far from the origin. The reconstruction term pushes the other way, because images that share a code cannot both be reconstructed. The compromise is a disk in which most classes have a region of their own (the 4s and the 9s largely share one) and little space is left empty. And since the decoder is trained on random draws, it has seen the whole neighborhood of every code, so nearby codes decode to nearly the same image.
#
# Now let's decode the map systematically. We want every part of the prior to appear in proportion to its probability, so we space the 20 values along each axis by the quantiles of $N(0, 1)$: densely near 0, and more widely farther out. (`ndtri` computes them: it is the inverse of the cumulative distribution function of $N(0, 1)$.) The figure below is our version of figure 4 of Kingma and Welling (2014), probably the best-known picture of a VAE.

# %%
steps = torch.special.ndtri(torch.linspace(0.025, 0.975, 20))  # (20,) values that cut N(0, 1) into equal shares
z = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=2)  # (20, 20, 2): z_1 to the right, z_2 upward
plane = torch.sigmoid(vae2.decode(z.view(-1, 2))).view(20, 20, 28, 28)
plots.decoded_plane(plane.numpy(), steps.tolist(), "Four hundred codes spread like the prior: most decode to a digit")

# %% [markdown]
# Neighboring images differ only a little, and many of the transitions, from 9 to 7 for example, consist of shapes that a person could have written. Along some borders, however, most of all where the 2s, the 4s, and the 6s meet at the lower left, we find images that are not digits at all. Section 3 returns to them.
#
# The VAE encodes each image as a whole cloud of codes, and the next explorer shows this cloud. Pick a digit: the ellipse is its $q(z \mid x)$. Press *e* to draw another $\varepsilon$, and see how much the decoded image varies within one cloud.

# %%
widgets.LatentExplorer(vae2, images.test, title="Each image is encoded as a small cloud, not as a point")

# %% [markdown]
# Finally, try the same $z$ in both models. Drag it into a gap of the autoencoder's map, or sample it from $N(0, I)$ a few times.

# %% [markdown] tags=["slide-45"]
# ## The same digits on two maps

# %%
widgets.SideBySideExplorer(ae2, vae2, images.test)

# %%
widgets.Quiz("vae.weak-kl")

# %% [markdown]
# ## 3. Can it generate?
#
# In notebook 01 we fed random codes to the autoencoder's decoder and got scribbles. Let's repeat the test with three models: that autoencoder, the VAE with two latent dimensions, and one with fifty, which was trained for 200 epochs. For each, we draw $z \sim N(0, I)$ and decode.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Will random codes decode to digits now? And how would you measure whether they do?"
# > - **Usually answered:** "Ask a classifier." Collect objections before you show the table: a classifier has never been asked whether an image is a digit at all.
# > - **Show:** The figure, the table, and then the white noise in the cell after it. That is the best warning against judging samples by a classifier's confidence.

# %%
models = {
    "autoencoder, 32-D": pretrained.load("ae-32d"),
    "VAE, 2-D": vae2,
    "VAE, 50-D": pretrained.load("vae-50d"),
}
dims = {"autoencoder, 32-D": 32, "VAE, 2-D": 2, "VAE, 50-D": 50}
torch.manual_seed(4)
random_codes = {name: torch.randn(2000, dim) for name, dim in dims.items()}  # z ~ N(0, I)
samples = {name: torch.sigmoid(model.decode(random_codes[name])) for name, model in models.items()}

# %% [markdown] tags=["slide-180"]
# ## Most random codes now decode to digits

# %%
plots.image_grid(
    {name: generated[:12].numpy() for name, generated in samples.items()},
    "Random codes decode to digits in the two VAEs, not in the autoencoder",
)

# %% [markdown]
# The difference is hard to miss. Most of the VAEs' images can be read as digits, although a few fall between two classes. The 50-dimensional model draws crisper strokes than the 2-dimensional one. Does that make its digits easier to recognize?

# %%
widgets.Prediction("vae.sharper")

# %% [markdown]
# Two measures, the same for all three models, put numbers on what we see.
#
# **Is a random code near the codes that the decoder was trained on?** This is the measure of notebook 01. For a code $z$, take the distance to the nearest of the 60,000 training codes. We choose $r$ so that this distance is at most $r$ for 95% of the codes of test images. For what share of random codes is it at most $r$? A VAE's codes are draws from $q(z \mid x)$, and we look only at the dimensions that the model uses (in the 50-D model that is half of them, as section 4 will show).
#
# **Does a classifier recognize the image?** We take the digit classifier that ships with the course and count the images for which it is more than 99% sure of a class.


# %%
def nearest(z, codes):
    return torch.cat([torch.cdist(part, codes).min(1).values for part in z.split(500)])  # (N,)


def near_share(model, z):
    seen, unseen = model.encode(images.train.x), model.encode(x_test[:2000])
    mean, codes, real = seen, seen, unseen
    if isinstance(seen, tuple):  # a VAE: mu and logvar
        mean, codes, real = seen[0], reparameterize(*seen), reparameterize(*unseen)
    used = mean.var(0) > 0.01  # dimensions whose mean varies from image to image
    r = nearest(real[:, used], codes[:, used]).quantile(0.95)
    return (nearest(z[:, used], codes[:, used]) <= r).float().mean()


# %%
judge = pretrained.load("classifier-mnist")


def sure_share(x):
    confidence = torch.cat([judge(part).softmax(1).max(1).values for part in x.split(1000)])  # (N,)
    return (confidence > 0.99).float().mean()


# %%
torch.manual_seed(0)
print("                      near a code   recognized")
for name, generated in samples.items():
    print(f"{name:20s} {near_share(models[name], random_codes[name]):9.0%} {sure_share(generated):13.0%}")
print(f"{'real test images':20s} {0.95:9.0%} {sure_share(x_test):13.0%}")

# %% [markdown]
# Both measures separate the VAEs clearly from the autoencoder: 93% and 83% of their random codes are near a training code, against 4%, and 61% and 50% of their images are recognized, against 13%. (For test images, the 95% in the first column is true by construction.) But compare the two VAEs: the 50-D model's images are sharper, and yet *fewer* of them are recognized, and fewer of its random codes are near a training code. A likely reason is that more dimensions offer more ways to go wrong: if only a few of the coordinates ask for strokes that do not go together, the image is spoiled. The 2-D model has less variety to offer and blurs where it is unsure, but nearly every point of its plane belongs to some digit.
#
# How far should we trust this classifier as a judge? It was sure about 13% of the autoencoder's scribbles. Let's show it other images that it was not trained on. (Some digits can still be read when they are turned upside down, a 0 for instance, but white noise is certainly not a digit.)

# %%
torch.manual_seed(0)
print(f"real digits, upside down:            {sure_share(x_test.flip(2)):4.0%}")
print(f"averages of two real digits:         {sure_share((x_test[:5000] + x_test[5000:]) / 2):4.0%}")
print(f"white noise, uniform between 0 and 1: {sure_share(torch.rand(2000, 1, 28, 28)):3.0%}")

# %% [markdown]
# It is more than 99% sure of a class for all 2,000 images of white noise. The classifier was trained to decide *which* digit an image shows, never *whether* it shows one, and so its confidence means little far from its training data. High confidence is what we expect of good samples, but it does not prove that they are good. This is one reason why we prefer to judge a generative model by the probability that it assigns to real images, as notebook 05 does.
#
# ### Why a few samples fail: the aggregate posterior
#
# The decoder was trained on draws from the clouds $q(z \mid x)$. Laid over one another, the clouds of all images form the *aggregate posterior*, $q(z) = \frac1N \sum_n q(z \mid x_n)$. If it equaled the prior, a draw from the prior would look to the decoder exactly like the codes it was trained on. How close is it?

# %%
torch.manual_seed(0)
draws = {"prior $N(0, I)$": torch.randn(4000, 2), "aggregate posterior": reparameterize(mu2[:4000], logvar2[:4000])}
shown = {name: (z.numpy(), judge.predict(torch.sigmoid(vae2.decode(z))).numpy()) for name, z in draws.items()}
plots.latent_maps(shown, "The aggregate posterior covers the prior, but not evenly", prior_circle=True, limit=4)

# %% [markdown]
# The color of each code shows which digit the classifier assigns to the decoded image. The two maps have nearly the same shape and the same regions, but in the right-hand map there are seams and thin spots that contain few codes of images. A random code does land there now and then, and the decoder has to improvise. Many of the images between two digits come from such places.
#
# ### The decoder's mean, and a sample from the decoder
#
# So far we have shown the decoder's *mean*, the gray image of probabilities. To draw a sample from $p(x \mid z)$, we have to flip a coin for every pixel. Papers nearly always show the mean, and here is why:

# %%
torch.manual_seed(0)
mean = samples["VAE, 50-D"][:12]
plots.image_grid(
    {
        "mean of $p(x|z)$": mean.numpy(),
        "sample": torch.bernoulli(mean).numpy(),
        "another": torch.bernoulli(mean).numpy(),
    },
    "A sample from p(x|z) flips one coin per pixel, and the edges fray",
)

# %%
widgets.Quiz("vae.speckle")

# %% [markdown]
# ## 4. How does the model spend its nats?
#
# The KL is the cost of the code. Averaged over the images, it is the sum of two terms: the information, in nats, that the code carries about the image, and the KL from the aggregate posterior of section 3 to the prior. The second term is never negative, so the average KL is an upper bound on the information. Because the KL is a sum over latent dimensions, we can ask how much each of them contributes. A dimension whose $q(z_d \mid x)$ equals the prior for every image contributes nothing, and the decoder cannot get any information from it, because it is the same noise whatever the image was.
#
# The larger model has fifty dimensions. Does it use them all?

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "The model has 50 latent dimensions. How many does it use?"
# > - **Usually answered:** "All of them; why would it leave any unused?"
# > - **Show:** The bars, then the experiment with noise. Introduce the words *active* and *inactive*; notebook 05 needs both.

# %%
widgets.Prediction("vae.active")

# %%
vae50 = models["VAE, 50-D"]
mu50, logvar50 = vae50.encode(x_test)
nats = losses.kl_per_dimension(mu50, logvar50)  # (50,), averaged over the images
active = mu50.var(0) > 0.01
print(f"{active.sum()} of 50 dimensions are active; they contribute {nats[active].sum():.1f} of {nats.sum():.1f} nats")

# %%
plots.bars(
    nats.sort(descending=True).values.numpy(),
    "The 50-D model uses 25 dimensions and leaves the others at the prior",
    "latent dimension, sorted by its KL",
    "KL, nats per image",
)

# %% [markdown]
# A latent dimension, also called a *unit*, is **active** if the variance of $\mu_d(x)$ over the images is above 0.01 (Burda and others, 2016). In this model 25 are. Any information that the other 25 could have carried would have saved fewer nats of reconstruction than it would have cost in KL, so training moved them to the prior.
#
# If the inactive dimensions really carry nothing, we should be able to replace them by fresh noise without harm. For comparison we replace a single active one, the one with the largest KL.

# %%
torch.manual_seed(0)
z50 = reparameterize(mu50, logvar50)
for name, replaced in {"nothing": [], "the 25 inactive": ~active, "one active": [nats.argmax().item()]}.items():
    z = z50.clone()
    z[:, replaced] = torch.randn_like(z[:, replaced])
    print(f"noise in place of {name:15s} {losses.reconstruction(vae50.decode(z), x_test).mean():6.1f} nats per image")

# %% [markdown]
# The decoder ignores the inactive dimensions: with noise in all 25 of them the reconstruction term stays at 68.2 nats per image, while noise in a single active one raises it to 211.6. If a model has dimensions to spare, leaving them unused does no harm. But the same pressure can go too far: if *all* dimensions become inactive, the code carries no information about the image, and the VAE is useless. This is called **posterior collapse**, and notebook 05 is about how it happens and how to prevent it.

# %%
widgets.Quiz("vae.same-for-all")

# %% [markdown]
# ## Exercises (59 minutes)
#
# Replace the starter code, run the two cells, and read the card that appears. You can unfold its hints one at a time. Nothing else in the course depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The loss of the VAE
#
# **★★☆ · 8 minutes.** Write minus the ELBO from memory. Be careful with every sum and every mean: a wrong one changes the balance of the two terms, just as a factor $\beta$ on the KL would, and the checker works out that factor.
#
# **Contract:** `my_elbo(logits, x, mu, logvar)`: logits and images, both (N, 1, H, W), and mu and logvar, both (N, D) → one number: minus the ELBO in nats per image, averaged over the batch.


# %% tags=["starter"]
def my_elbo(logits, x, mu, logvar):
    reconstruction = ...
    kl = ...
    return reconstruction + kl


# %%
checks.elbo(my_elbo)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_elbo(logits, x, mu, logvar):
#     pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
#     kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).sum(1)  # (N,)
#     return (pixels.flatten(1).sum(1) + kl).mean()
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · A Gaussian decoder
#
# **★★☆ · 8 minutes.** Images of other kinds are often modeled with a Gaussian per pixel, $p(x \mid z) = N(\hat x, s^2)$, whose $-\log p$ contains the squared error. Write that loss, with $s^2$ given as `variance`. Include all constants: they matter as soon as the variance is learned, as notebook 05 will show.
#
# **Contract:** `my_gaussian_loss(x_hat, x, variance)`: two batches of images, both (N, 1, H, W), and a number → (N,): -log N(x; x_hat, variance) in nats per image, constants included.


# %% tags=["starter"]
def my_gaussian_loss(x_hat, x, variance):
    log_normalizer = 0.5 * math.log(2 * math.pi * variance)  # of one pixel
    squared_error = ...
    return squared_error + log_normalizer  # (N, 1, H, W); the contract asks for (N,)


# %%
checks.gaussian_loss(my_gaussian_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_gaussian_loss(x_hat, x, variance):
#     per_pixel = 0.5 * ((x - x_hat).square() / variance + math.log(2 * math.pi * variance))
#     return per_pixel.flatten(1).sum(1)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Bug hunt: pale images, and codes that wander off
#
# **★★☆ · 8 minutes.** A VAE trained with this loss never raises an error. But its images come out gray, and the KL barely constrains its codes. Find out why, and fix the loss.
#
# **Contract:** `my_corrected_loss(logits, x, mu, logvar)`: the same arguments as `my_elbo` → minus the ELBO in nats per image.


# %% tags=["starter"]
def my_corrected_loss(logits, x, mu, logvar):
    x_hat = torch.sigmoid(logits)
    pixels = F.binary_cross_entropy_with_logits(x_hat, x, reduction="none")
    kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).mean()
    return pixels.flatten(1).sum(1).mean() + kl


# %%
checks.corrected_loss(my_corrected_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_corrected_loss(logits, x, mu, logvar):
#     pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")  # logits, not gray levels
#     kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).sum(1).mean()  # summed over the code
#     return pixels.flatten(1).sum(1).mean() + kl
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Build a VAE
#
# **★★★ · 35 minutes.** Write a VAE from scratch and train it. The architecture, the number of latent dimensions, the optimizer, and its schedule are yours to choose; try to do it without scrolling up. The live model of section 1 reached about 113 nats. Yours should get below 110, which takes a little more care or a little more training, and it should still train within a minute or so (the checker stops it after two minutes of computing).
#
# The checker encodes the 10,000 test images with your model, draws $z$ itself, decodes it, and computes minus the ELBO. It also measures, on your finished model, how many nats of reconstruction one nat of KL saves. After training on the ELBO the answer is about one (section 1 of notebook 05 explains why), so the checker notices a wrong sum or mean in your loss even if you get below 110 nats.
#
# **Contract:** `my_vae(x)`: the training images, (60000, 1, 28, 28) with gray levels in [0, 1] → a trained model with two methods: `encode(x)` returns `mu, logvar`, each (N, D), and `decode(z)` returns logits (N, 1, 28, 28). Minus the ELBO on the test images: at most 110 nats per image. The KL must count as in the ELBO: measured $\beta$ between 0.7 and 1.5.


# %% tags=["starter"]
def my_vae(x):
    model = ...
    return model


# %%
checks.build_vae(my_vae)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# class SmallVAE(nn.Module):
#     def __init__(self, D, mean_image):
#         super().__init__()
#         self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 400), nn.SiLU(), nn.Linear(400, 2 * D))
#         self.decoder = nn.Sequential(nn.Linear(D, 400), nn.SiLU(), nn.Linear(400, 784))
#         self.decoder[-1].bias.data = torch.logit(mean_image.flatten().clamp(0.001, 0.999))  # start at the mean image
#
#     def encode(self, x):
#         return self.encoder(x).chunk(2, dim=1)
#
#     def decode(self, z):
#         return self.decoder(z).view(-1, 1, 28, 28)
#
#
# def my_vae(x):
#     model = SmallVAE(20, x.mean(0))
#     epochs, batch_size = 3, 128
#     steps = epochs * math.ceil(len(x) / batch_size)
#     optimizer = torch.optim.Adam(model.parameters())
#     schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=8e-3, total_steps=steps)
#     for _ in range(epochs):
#         for batch in torch.randperm(len(x)).split(batch_size):
#             mu, logvar = model.encode(x[batch])
#             z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
#             pixels = F.binary_cross_entropy_with_logits(model.decode(z), x[batch], reduction="none")
#             kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)
#             loss = (pixels.flatten(1).sum(1) + kl).mean()
#             optimizer.zero_grad()
#             loss.backward()
#             optimizer.step()
#             schedule.step()
#     return model
# ```
#
# </details>

# %% [markdown]
# ### To explore further
#
# 1. In `elbo_loss`, replace the cross-entropy by the squared error, `(torch.sigmoid(logits) - x).square().flatten(1).sum(1)`, and keep `beta=1`. Which Gaussian decoder does this loss correspond to?
#
# <details><summary>Answer</summary>
#
# For $N(\hat x, s^2)$ we have $-\log p = (x - \hat x)^2 / (2 s^2)$ plus a constant. A squared error without the factor 1/2 therefore corresponds to $s^2 = 1/2$. Compared with $s^2 = 1$, this is $\beta = 0.5$: halve the whole loss, which does not move its minimum, and you get ½ squared error + 0.5 KL.
#
# </details>
#
# ## Summary
#
# - A VAE is an autoencoder whose encoder outputs $\mu$ and `logvar`, whose code is drawn from $N(\mu, \sigma^2)$, and whose loss adds the KL from $q(z \mid x)$ to the prior.
# - The clouds of all images together nearly fill the prior, so most codes drawn from the prior decode to digits. Codes that fall into the thin spots between the clouds often decode to no digit.
# - A classifier's confidence is a weak judge of samples: ours is sure about all 2,000 images of white noise.
# - The KL shows how many nats each latent dimension costs. Dimensions that are not worth their cost become inactive.
#
# **Next:** [05 Inside the VAE](05_inside_the_vae.ipynb): what beta really is, how a posterior collapses, and how much probability the model assigns to real images.
