# %% [markdown]
# # 04 · The variational autoencoder
#
# **After this notebook you can**
#
# - turn the autoencoder of notebook 01 into a VAE by changing a handful of lines,
# - generate digits by decoding draws from $N(0, I)$, and say why that works now,
# - say how many of its latent numbers a VAE uses.
#
# **Time:** 45 minutes, and 24 for the exercises. **Builds on:** [02 From Bayes to the ELBO](02_elbo.ipynb) and [03 Reparameterization](03_reparameterization.ipynb). **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import torch
from torch import nn
from torch.nn import functional as F
from vqedu import checks, data, losses, metrics, plots, pretrained, widgets
from vqedu.models import mlp, reparameterize

RETRAIN = False  # True: train the 2-D VAE of this notebook here (4 minutes on 2 free cores)
images = data.load("mnist")
x_test, y_test = images.test

# %% [markdown]
# ## 1. From autoencoder to VAE
#
# Notebook 01 left us with a good decoder and no idea where to draw codes. Notebook 02 gave a loss that ties the codes to the prior $N(0, I)$: the ELBO. Notebook 03 made it differentiable.
# Now we put the pieces together. Compare with the autoencoder of notebook 01: **the lines marked `# <-` are all that changes.**

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Which lines of the autoencoder have to change?" Let them dictate the changes before you scroll.
# > - **Usually answered:** "The loss." Then, after a pause: "and the encoder needs a variance". The draw is forgotten most easily.
# > - **Show:** The class with its `# <-` marks, the loss, the live epoch (6 seconds).


# %%
class VAE(nn.Module):
    def __init__(self, latent_dim, hidden=(400, 400)):
        super().__init__()
        self.encoder = mlp(784, *hidden, 2 * latent_dim)  # <- twice as many outputs: mu and logvar
        self.decoder = mlp(latent_dim, *reversed(hidden), 784)

    def encode(self, x):
        return self.encoder(x.flatten(1)).chunk(2, dim=1)  # <- (N, 784) -> two (N, latent_dim)

    def decode(self, z):
        return self.decoder(z).view(-1, 1, 28, 28)

    def forward(self, x):
        mu, logvar = self.encode(x)  # <- the posterior q(z|x) = N(mu, sigma^2) of each image
        z = reparameterize(mu, logvar)  # <- one draw from it
        return self.decode(z), mu, logvar  # <- the loss needs mu and logvar


# %% [markdown]
# In the loss, the lines with the KL are new:


# %%
def elbo_loss(logits, x, mu, logvar, beta=1.0):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)  # (N,)
    kl = 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(1)  # <- (N,), the price of the code
    return (reconstruction + beta * kl).mean()  # <- minus the ELBO, nats per image, when beta is 1


# %% [markdown]
# The loss is **minus** the ELBO, because optimizers go down. Both terms are summed over one image (784 pixels, all latent numbers) and averaged over the batch.
# This bookkeeping decides what the model learns, as [notebook 05](05_inside_the_vae.ipynb) shows.
#
# The training loop differs from that of notebook 01 in the two marked lines. The cell runs one epoch, about 6 seconds.

# %%
torch.manual_seed(0)
model = VAE(20)
torch.set_grad_enabled(True)  # a later cell switches gradients off
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for batch in torch.randperm(len(images.train.x)).split(128):
    x = images.train.x[batch]
    logits, mu, logvar = model(x)  # <-
    loss = elbo_loss(logits, x, mu, logvar)  # <-
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
torch.set_grad_enabled(False)
logits, mu, logvar = model(x_test)
after_one_epoch = elbo_loss(logits, x_test, mu, logvar)
print("after one epoch, test loss below 140 nats per image:", bool(after_one_epoch < 140))

# %%
widgets.Quiz("vae.two-heads", "vae.loss-sign", "vae.no-draw")

# %% [markdown]
# ## 2. Two maps under the same eyes
#
# The course ships a VAE with two latent numbers, so that we can look at it. Left: the autoencoder of notebook 01. Right: the VAE. Both on the same axes.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Where will the VAE's codes lie, and what becomes of the holes?"
# > - **Usually answered:** "All on one point", from those who have understood the KL best. Ask them what the reconstruction term says to that.
# > - **Show:** The two maps on the same axes, then the side-by-side explorer: a student drags one z into a hole of the left map.

# %%
widgets.Prediction("vae.map")

# %%
vae2 = pretrained.retrain("vae-2d", images.train)[0] if RETRAIN else pretrained.load("vae-2d")
ae2 = pretrained.load("ae-2d")
terms = vae2.loss(x_test)
print(f"vae-2d on the test images: {terms.total:.0f} nats per image (expect 133 to 135)")

# %%
mu, logvar = vae2.encode(x_test)
digits = y_test[:3000].numpy()
plots.latent_maps(
    {
        "autoencoder: $z = g(x)$": (ae2.encode(x_test[:3000]).numpy(), digits),
        "VAE: $\\mu(x)$ of $q(z|x)$": (mu[:3000].numpy(), digits),
    },
    "The autoencoder's codes scatter with holes between; the VAE's fill a disc",
    prior_circle=True,
    limit=8,
)

# %% [markdown]
# **What we saw.** The KL term pulls each $q(z \mid x)$ towards $N(0, I)$, so the codes gather around the origin and the holes close. The reconstruction term keeps different images apart.
# And because each code is not a point but a small cloud, its neighbours must decode to nearly the same image. About one in eight of the autoencoder's codes, most 0s among them, lies beyond these axes.

# %%
inside = (mu.norm(dim=1) < 2).float().mean()
print(f"{inside:.0%} of the VAE's codes lie in the circle; of draws from N(0, I), 86% do")

# %% [markdown]
# Under your hand now: the VAE's map. The ellipse is $q(z \mid x)$ of the picked digit. Press *e* to draw another $\varepsilon$, and see how much the image may vary.

# %%
widgets.LatentExplorer(vae2, images.test, title="The VAE's map: each image is a small cloud")

# %% [markdown]
# Now both models under the same hand. The same $z$ is decoded by both. Drag it into a gap of the autoencoder's map, and draw samples of $N(0, I)$.

# %%
widgets.SideBySideExplorer(ae2, vae2, images.test)

# %%
widgets.Quiz("vae.hole", "vae.far-out", "vae.weak-kl")

# %% [markdown]
# ## 3. Can it invent images?
#
# The same test as in notebook 01: draw $z \sim N(0, I)$ and decode. Besides the 2-D model we take one with 50 latent numbers, which is far sharper.
#
# There are two things one can show for a $z$. The **decoder's mean** is the grey image of probabilities. A **sample** from $p(x \mid z)$ throws a coin for each pixel. Papers usually show the mean.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Will ten random codes decode to digits now?"
# > - **Usually answered:** "Yes." Most are, some lie between digits: ask where those come from.
# > - **Show:** The figure of random codes; then walks. Recall the same experiment in notebook 01.

# %%
vae50 = pretrained.load("vae-50d")
generator = torch.Generator().manual_seed(4)
z2, z50 = torch.randn(12, 2, generator=generator), torch.randn(12, 50, generator=generator)
mean50 = torch.sigmoid(vae50.decode(z50))
ae32 = pretrained.load("ae-32d")

# %%
plots.image_grid(
    {
        "autoencoder, 32-D": torch.sigmoid(ae32.decode(torch.randn(12, 32, generator=generator))).numpy(),
        "VAE, 2-D": torch.sigmoid(vae2.decode(z2)).numpy(),
        "VAE, 50-D: mean": mean50.numpy(),
        "VAE, 50-D: sample": torch.bernoulli(mean50, generator=generator).numpy(),
    },
    "Random codes decode to digits in the VAEs, not in the autoencoder",
)

# %% [markdown]
# Most are digits, some are between digits. The clouds $q(z \mid x)$ of all training images together, the *aggregate posterior*, cover the prior quite well but not exactly. Where they leave a thin spot, the decoder improvises.
#
# Reconstructions and walks, as in notebook 01:

# %%
first_of_each = [int((y_test == digit).nonzero()[0]) for digit in range(10)]
x = x_test[first_of_each]
torch.manual_seed(0)
plots.image_grid(
    {
        "$x$": x.numpy(),
        "VAE, 2-D": torch.sigmoid(vae2(x).logits).numpy(),
        "VAE, 50-D": torch.sigmoid(vae50(x).logits).numpy(),
    },
    "Reconstructions: two numbers blur, fifty keep the stroke",
)

# %%
mu50, _ = vae50.encode(x)
t = torch.linspace(0, 1, 10).view(-1, 1)
plots.image_grid(
    {
        f"{a} to {b}": torch.sigmoid(vae50.decode((1 - t) * mu50[a] + t * mu50[b])).numpy()
        for a, b in ((2, 3), (4, 9), (1, 7))
    },
    "Walks through the 50-D code space pass through plausible strokes",
    columns=[f"t = {value:.2f}" for value in t.flatten().tolist()],
)

# %%
widgets.Quiz("vae.new-images", "vae.speckle", "vae.only-sevens")

# %% [markdown]
# ## 4. What did the two terms pay for?
#
# The KL is a price in nats. A latent number whose $q(z_d \mid x)$ equals the prior costs nothing and tells nothing. Let us look at the bill of the 50-D model, number by number.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "50 numbers were offered. How many does the model use?"
# > - **Usually answered:** "All of them, more is better."
# > - **Show:** The bars. Say *active* and *asleep*; notebook 05 needs both words.

# %%
widgets.Prediction("vae.active")

# %%
mu50, logvar50 = vae50.encode(x_test)
price = losses.kl_per_dimension(mu50, logvar50).sort(descending=True).values  # (50,), nats, averaged over images
active = metrics.active_units(mu50)
print(f"{active} of 50 units are active; together they cost {price.sum():.0f} nats per image")

# %%
plots.bars(
    price.numpy(),
    "The 50-D model switches off the numbers it does not need",
    "latent number, sorted",
    "KL, nats per image",
)

# %% [markdown]
# A latent number, or *unit*, is called **active** if the variance of its $\mu_d(x)$ over the data is above 0.01 (Burda and others 2016). The others are at the prior for each image: the decoder ignores them, and so the KL puts them to sleep. Here that is
# thrift. When *all* units fall asleep it is called **posterior collapse**, and the model is useless; notebook 05 provokes it.

# %%
widgets.Quiz("vae.sleeping-unit", "vae.set-to-zero", "vae.same-for-all")

# %% [markdown]
# ## Exercises (24 minutes)
#
# Replace the starter, run the two cells and read the card; its hints unfold one by one. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The loss of the VAE
#
# **★★☆ · 8 minutes.** Minus the ELBO, from memory. Mind every sum and every mean: the checker knows which $\beta$ they make.
#
# **Contract:** `my_elbo(logits, x, mu, logvar)`: images (N, 1, H, W) twice, moments (N, D) twice → one number: minus the ELBO, nats per image, averaged over the batch.


# %% tags=["starter"]
def my_elbo(logits, x, mu, logvar):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x)
    kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).sum(1).mean()
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
# ### Exercise 2 · If the decoder were Gaussian
#
# **★★☆ · 8 minutes.** Minus the log-density of an image under $N(\hat x, s^2)$, with $s^2$ given as `variance`. No constant may be missing: a learned variance would run away.
#
# **Contract:** `my_gaussian_loss(x_hat, x, variance)`: images (N, 1, H, W) twice, a number → (N,): -log N(x; x_hat, variance), nats per image, constants included.


# %% tags=["starter"]
def my_gaussian_loss(x_hat, x, variance):
    pixels = (x - x_hat).square() / variance + math.log(variance)
    return pixels.flatten(1).sum(1)


# %%
checks.gaussian_loss(my_gaussian_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_gaussian_loss(x_hat, x, variance):
#     pixels = (x - x_hat).square() / variance + math.log(2 * math.pi * variance)
#     return 0.5 * pixels.flatten(1).sum(1)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Bug hunt: two bugs in four lines
#
# **★★☆ · 8 minutes.** With this loss the images stay pale and the code is loose. There are two bugs, and neither raises an error.
#
# **Contract:** `my_mended_loss(logits, x, mu, logvar)`: as elbo: minus the ELBO, nats per image. Two bugs are planted.


# %% tags=["starter"]
def my_mended_loss(logits, x, mu, logvar):
    x_hat = torch.sigmoid(logits)
    pixels = F.binary_cross_entropy_with_logits(x_hat, x, reduction="none")
    kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).mean()
    return pixels.flatten(1).sum(1).mean() + kl


# %%
checks.mended_loss(my_mended_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_mended_loss(logits, x, mu, logvar):
#     pixels = F.binary_cross_entropy_with_logits(logits, x, reduction="none")  # logits, not grey levels
#     kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).sum(1).mean()  # a sum over the code
#     return pixels.flatten(1).sum(1).mean() + kl
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. Change `elbo_loss` to use squared error, `(torch.sigmoid(logits) - x).square().flatten(1).sum(1)`, and keep `beta=1`. Which Gaussian does it stand for?
#
# <details><summary>Answer</summary>
#
# $-\log p = (x - \hat x)^2 / (2 s^2)$ + constant, so a squared error without the 1/2 stands for $s^2 = 1/2$. Compared with $s^2 = 1$ the effective $\beta$ is 0.5.
#
# </details>
#
# ## Summary
#
# - A VAE is an autoencoder whose encoder puts out $\mu$ and `logvar`, whose code is drawn, and whose loss adds the KL to the prior.
# - The codes of all images together fill the prior, so random codes decode to images.
# - A latent number that the model does not need goes back to the prior; the KL shows which ones do.
#
# ## Two questions to answer from memory
#
# Say your answer before you read the choices.

# %%
widgets.Quiz("vae.which-lines", "vae.blur")

# %% [markdown]
# **Next:** [05 Inside the VAE](05_inside_the_vae.ipynb): what beta really is, how a posterior collapses, and how good the model is.
