# %% [markdown]
# # 05 · Inside the VAE
#
# **After this notebook you can**
#
# - tell which $\beta$ a piece of VAE code really uses, whatever it says,
# - provoke posterior collapse, detect it and cure it,
# - estimate $\log p(x)$ of a test set, and say how far the ELBO was from it.
#
# **Time:** 55 minutes, and 17 for the exercises. **Builds on:** [04 The VAE](04_vae.ipynb). **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import torch
from torch.nn import functional as F
from vqedu import checks, data, metrics, models, plots, pretrained, training, widgets
from vqedu.losses import effective_beta

images = data.load("mnist")
x_test, y_test = images.test
vae50 = pretrained.load("vae-50d")
torch.set_grad_enabled(False)  # the cells that train switch gradients on

# %% [markdown]
# ## 1. What is my beta really?
#
# $\beta$-VAEs weigh the KL: loss = reconstruction + $\beta$ KL (Higgins and others 2017). $\beta > 1$ buys codes closer to the prior, $\beta < 1$ sharper images. Only $\beta = 1$ is the ELBO.
#
# But look at code that people share. `mse_loss` averages over pixels *and* batch by default. The KL is sometimes summed over latent numbers, sometimes averaged. Each such choice multiplies one term by a constant, and **a constant on one term is a change of $\beta$**.
# If the code's reconstruction is $a \cdot R$ and its KL is $b \cdot \mathrm{KL}$, with $R$ and $\mathrm{KL}$ the terms of the ELBO, then
#
# $$a R + \beta\, b\, \mathrm{KL} = a \left( R + \frac{\beta\, b}{a}\, \mathrm{KL} \right), \qquad \beta_{\text{eff}} = \frac{\beta\, b}{a} .$$

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "This code says β = 0.1. Is the KL weighed more or less than in the ELBO?"
# > - **Usually answered:** "Less, a tenth of it." It is nearly eight times as much.
# > - **Show:** The effective-beta calculator, with the code of somebody in the room. Skip the two cells of gradients when time is short.

# %%
widgets.Prediction("vae.real-beta")

# %%
public_recipes = {
    "squared error averaged over 784 pixels, KL averaged over 5 latents, beta 0.1": dict(
        beta=0.1, likelihood="gaussian", reconstruction="element", kl="element", pixels=784, latents=5, half=False
    ),
    "Bernoulli loss averaged over 32x32 pixels, times 500": dict(reconstruction="element", pixels=1024, weight=500),
    "summed squared error without the 1/2": dict(likelihood="gaussian", half=False),
}
for name, recipe in public_recipes.items():
    print(f"{name}: beta is really {effective_beta(**recipe):.3g}")

# %% [markdown]
# The first one says 0.1 and means 7.84. (Its $R$ is that of a Gaussian of variance 1, $\frac12 \sum (x - \hat x)^2$.) Do not trust the formula; measure. The next cells take each of the three codes, compute the gradients of both terms, and compare their ratio with that of the ELBO.
# If the Gaussian's variance is learned, put the learned value into `variance`: the smaller it is, the larger the effective $\beta$ of a plain squared error.

# %%
torch.set_grad_enabled(True)
generator = torch.Generator().manual_seed(0)
out = torch.rand(8, 1024, generator=generator).requires_grad_()  # what the decoder puts out, for 32 x 32 pixels
m = torch.randn(8, 5, generator=generator).requires_grad_()  # mu of five latents; sigma is 1, so KL = mu^2 / 2
target = torch.rand(8, 1024, generator=generator)
kl = (0.5 * m.square()).sum(1).mean()  # the ELBO's KL term


def measured_beta(code, reconstruction):
    """How the code's gradients in m and out compare with those of reconstruction + KL."""
    code_out, code_m = torch.autograd.grad(code, (out, m), retain_graph=True)
    elbo_out, elbo_m = torch.autograd.grad(reconstruction + kl, (out, m), retain_graph=True)
    return (code_m.norm() / code_out.norm()) / (elbo_m.norm() / elbo_out.norm())


# %%
small, small_target = out[:, :784], target[:, :784]  # 28 x 28 pixels
gaussian = (0.5 * (small - small_target).square()).sum(1).mean()
bernoulli = F.binary_cross_entropy_with_logits(out, target, reduction="none").sum(1).mean()
first = measured_beta(F.mse_loss(small, small_target) + 0.1 * (0.5 * m.square()).mean(), gaussian)
second = measured_beta(500 * F.binary_cross_entropy_with_logits(out, target) + kl, bernoulli)
third = measured_beta((small - small_target).square().sum(1).mean() + kl, gaussian)
torch.set_grad_enabled(False)
print(f"measured: {first:.2f}, {second:.2f}, {third:.2f}")

# %% [markdown]
# Put your own code's choices into the calculator.

# %%
widgets.BetaCalculator()

# %%
widgets.Quiz("vae.times-thousand", "vae.mean-of-kl", "vae.larger-images")

# %% [markdown]
# ## 2. Posterior collapse: provoke it, detect it, cure it
#
# If the KL weighs too much, the cheapest model pays no KL at all: $q(z \mid x) = N(0, I)$ for every image. Then $z$ tells nothing, and the decoder answers with the mean image.
# This also happens by accident, early in training: while the decoder is still bad, a code earns nothing, and the KL already costs.
#
# We also try two known cures. **KL annealing** starts with $\beta = 0$ and raises it slowly, here over 300 steps, so that the decoder first learns that codes are useful (Bowman and others 2016).
# **Free bits** gives each latent number some nats for free, here half a nat: below that price the KL is not pushed down any further (Kingma and others 2016). In code each is one line; `kl_per_number` is averaged over the batch first:

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 15 minutes.**
# >
# > - **Ask:** "What is the cheapest way to pay no KL at all?"
# > - **Usually answered:** "Make the variance small." That is dear: KL is zero only at μ = 0, σ = 1, for every image.
# > - **Show:** The collapse lab, live: β = 10, *Start*, watch the bars die; then free bits. The reconstructions tell the rest.


# %%
def annealed(beta, step, steps):
    return beta * min(1.0, step / steps)


def free_bits(kl_per_number, floor):
    return kl_per_number.clamp(min=floor).sum()  # (D,) -> one number, nats per image


# %% [markdown]
# We train a small VAE with 8 latent numbers for a few seconds with $\beta = 10$. Its decoder is deep, so that the signal of $z$ is weak at first.

# %%
widgets.Prediction("vae.units")


# %%
def collapse_run(cure, steps=600):
    lab = widgets.CollapseLab(images, latent_dim=8, beta=10.0, cure=cure)
    lab.train(steps)
    return lab


runs = {cure: collapse_run(cure) for cure in ("none", "KL annealing", "free bits")}

# %%
rate = {cure: run.state.kl.sum() for cure, run in runs.items()}  # nats per image
print("without a cure the code carries less than 2.5 nats:", bool(rate["none"] < 2.5))
print("KL annealing keeps more:", bool(rate["KL annealing"] > rate["none"]))
print("free bits keep most:    ", bool(rate["free bits"] > rate["KL annealing"]))

# %% tags=["nbval-ignore-output"]
for cure, run in runs.items():
    print(f"{cure:12s} {run.state.active[-1]} of 8 units active, {rate[cure]:.1f} nats")

# %%
rows = {"$x$": x_test[:8].numpy()}
for cure, run in runs.items():
    mu, _ = run.model.encode(x_test[:8])
    rows[f"{cure}: $\\hat x$"] = torch.sigmoid(run.model.decode(mu)).numpy()
title = "Without a cure the reconstructions blur into averages; each cure brings digits back"
plots.image_grid(rows, title)

# %% [markdown]
# **What we saw.** Without a cure most latent numbers fall silent, and the reconstructions become a few blurred averages. Free bits keeps all numbers in use, because it changes the price itself.
# Annealing helps the start. If $\beta$ at the end is as high as here, the optimum itself uses few numbers, and annealing cannot change that.
#
# Try it live. Press **Start**, watch the bars, and move $\beta$ while it trains. To try annealing, choose it, press **Reset**, then **Start**: it works from the beginning, not on a model that has already collapsed.

# %%
runs["none"]

# %%
widgets.Quiz("vae.same-picture", "vae.free-floor", "vae.cure")

# %% [markdown]
# ## 3. What a nat buys: rate and distortion
#
# The two terms are two prices. The KL is the **rate**: how many nats the code may carry. The reconstruction term is the **distortion**: how many nats the image costs once the code is known. $\beta$ sets the exchange rate between them.
# Train the same small network with different $\beta$ for a few seconds each and draw one point for each.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Which buys more, the first nat of rate or the twentieth?"
# > - **Usually answered:** "Each nat buys the same, since a nat is a nat."
# > - **Show:** The sketch, then the curve. At β = 1 the slope is −1, and the sum is smallest.

# %%
widgets.Prediction("vae.rate-distortion")


# %%
def rate_and_distortion(beta):
    torch.manual_seed(0)
    model = models.VAE(10, hidden=(200,))
    with torch.enable_grad():
        training.fit(model, images.train.x[:20_000], epochs=2, loss=lambda x: model.loss(x, beta), background=True)
    terms = model.loss(x_test)
    return terms.kl.item(), terms.reconstruction.item()


# %%
points = {beta: rate_and_distortion(beta) for beta in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)}

rates, distortions = zip(*points.values())
print("the rate falls as beta grows:", list(rates) == sorted(rates, reverse=True))
print("the distortion rises:", list(distortions) == sorted(distortions))
print("rate + distortion is least at beta =", min(points, key=lambda beta: sum(points[beta])))

# %% tags=["nbval-ignore-output"]
for beta, point in points.items():
    print(f"beta {beta:4.1f}: rate {point[0]:4.1f} + distortion {point[1]:5.1f} = {sum(point):5.1f} nats per image")

# %%
plots.lines(
    {"one small VAE for each beta": (rates, distortions)},
    "The first nats of rate buy the most: the curve is steep, then flat",
    "rate: KL, nats per image",
    "distortion: reconstruction term, nats per image",
    colors={"one small VAE for each beta": "decoder"},
    marker="o",
    notes={f"$\\beta$ = {beta:g}": point for beta, point in points.items()},
)

# %% [markdown]
# For fully trained networks the slope at each point is $-\beta$: there one more nat of rate buys $\beta$ nats of distortion. At $\beta = 1$ a nat of rate buys exactly a nat of distortion, so the sum, which is minus the ELBO, is smallest there.
# At the far left the posterior has collapsed: no rate, and the distortion of the mean image.

# %%
widgets.Quiz("vae.elbo-of-a-point", "vae.no-rate", "vae.price-of-a-nat")

# %% [markdown]
# ## 4. How good is it? The log-likelihood
#
# The ELBO is only a bound. Notebook 02 showed how to close the gap: draw $k$ codes from $q(z \mid x)$ and average the weights $p(x, z) / q(z \mid x)$ inside the logarithm.
# Published numbers are for images made black and white by throwing a coin for each pixel (*dynamic binarization*), so we do the same.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "The ELBO says −89. What do you know about log p(x)?"
# > - **Usually answered:** "It is about −89." It is at least −89: the card says −85.2 with 5,000 samples.
# > - **Show:** The table of the card. Leave the calculation for home.

# %%
generator = torch.Generator().manual_seed(0)
binary = torch.bernoulli(x_test[::20], generator=generator)  # every 20th test image
ks = [1, 5, 50, 500]
estimates = [metrics.log_likelihood(vae50, binary, k, generator).mean().item() for k in ks]
for k, estimate in zip(ks, estimates):
    print(f"k = {k:3d}: log p(x) at least {estimate:.1f} nats per image, on 500 test images")

# %%
plots.lines(
    {"vae-50d": (ks, estimates)},
    "The ELBO (k = 1) is several nats too pessimistic about this model",
    "samples an image, k",
    "bound on log p(x), nats per image",
    colors={"vae-50d": "encoder"},
    xscale="log",
    marker="o",
)

# %% [markdown]
# Only a number on all test images may be compared with papers. The card of the shipped file holds it, with up to 5,000 samples, which takes a quarter of an hour.
# Burda, Grosse and Salakhutdinov (2016, table 1) report -86.76 for a VAE with one layer of 50 latent numbers, and -84.78 when the bound with $k = 50$ itself is trained.

# %%
card = pretrained.read_card(pretrained.path_of("vae-50d"))
for k in (1, 50, 500, 5000):
    print(f"all test images, k = {k:4d}: {card['metrics'][f'log_p_{k}']:.2f} nats per image")

# %%
widgets.Quiz("vae.what-is-known", "vae.four-nats", "vae.two-models")

# %% [markdown]
# ## Exercises (17 minutes)
#
# Replace the starter, run the two cells and read the card; its hints unfold one by one. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The real beta
#
# **★☆☆ · 4 minutes.** Code averages the reconstruction over the pixels, and the KL over the latent numbers. Which $\beta$ does it really use?
#
# **Contract:** `my_effective_beta(beta, pixels, latents)`: the real beta of code that averages the reconstruction over the pixels and the KL over the latent numbers → a number.


# %% tags=["starter"]
def my_effective_beta(beta, pixels, latents):
    return beta


# %%
checks.effective_beta(my_effective_beta)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_effective_beta(beta, pixels, latents):
#     return beta * pixels / latents  # a = 1 / pixels, b = 1 / latents
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Some nats for free
#
# **★★☆ · 5 minutes.** Free bits from the KL of each latent number of each image. In which order do the mean, the floor and the sum come?
#
# **Contract:** `my_free_bits(kl, floor)`: the KL of each latent number of each image (N, D), a number → one number: the KL of each latent number is averaged over the batch, then the first `floor` nats of each are free.


# %% tags=["starter"]
def my_free_bits(kl, floor):
    return kl.clamp(min=floor).sum(1).mean()


# %%
checks.free_bits(my_free_bits)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_free_bits(kl, floor):
#     return kl.mean(0).clamp(min=floor).sum()
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Break it: a collapse without a beta
#
# **★★☆ · 8 minutes.** Here is a sound loss for a small VAE with 16 pixels and a Gaussian decoder. Change its sums and means, and nothing else, until the posterior collapses. The checker trains with your loss.
#
# **Contract:** `my_collapse(x_hat, x, mu, logvar)`: (N, 16) twice, (N, 2) twice → a loss with both terms of the ELBO and no beta in sight, on which a small linear VAE falls asleep.


# %% tags=["starter"]
def my_collapse(x_hat, x, mu, logvar):
    reconstruction = 0.5 * (x - x_hat).square().sum(1)
    kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).sum(1)
    return reconstruction.mean() + kl.mean()


# %%
checks.collapse(my_collapse)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_collapse(x_hat, x, mu, logvar):
#     reconstruction = 0.5 * (x - x_hat).square().mean()  # over pixels and batch
#     kl = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).sum(1)
#     return reconstruction + kl.mean()
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. Write down the shape of the KL in the loss of notebook 04, `elbo_loss`, before and after `.sum(1)`. A colleague writes `reconstruction.mean() + beta * kl.mean()` with a `kl` of shape `(N, 50)`. What is the effective $\beta$ at `beta=1`?
#
# <details><summary>Answer</summary>
#
# `(N, 50)`, then `(N,)`, then a single number. Averaging over the 50 numbers divides the KL by 50, so the effective $\beta$ would be 1/50.
#
# </details>
#
# ## Summary
#
# - Every mean and sum in the code changes the effective $\beta$. Only $\beta_{\text{eff}} = 1$ is the ELBO.
# - Posterior collapse shows in the active units. Annealing helps against a bad start, free bits also against a KL that weighs too much.
# - $\log p(x)$ is estimated by importance sampling; the ELBO is a few nats below.
#
# ## One question to answer from memory
#
# Say your answer before you read the choices.

# %%
widgets.Quiz("vae.all-asleep")

# %% [markdown]
# **Next:** [06 Vector quantization](06_vector_quantization.ipynb). The second half of the course replaces the Gaussian code by entries of a table: the VQ-VAE.
