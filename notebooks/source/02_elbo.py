# %% [markdown]
# # 02 · From Bayes to the ELBO
#
# **After this notebook you can**
#
# - say why $p(x) = \int p(x \mid z)\, p(z)\, dz$ cannot be computed by drawing $z$ at random,
# - derive the evidence lower bound (ELBO) in five lines, and check each line with a number,
# - read the ELBO in its second form, reconstruction minus KL, and compute the KL of Gaussians by its formula,
# - close the gap between the bound and $\log p(x)$ with more samples.
#
# **Time:** 65 minutes, and 34 for the exercises. **Builds on:** [01 The autoencoder](01_autoencoder.ipynb), Bayes' rule, the mean of a function of a random number. **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import numpy as np
import torch
from torch.distributions import Normal, kl_divergence
from vqedu import checks, data, losses, metrics, plots, pretrained, widgets
from vqedu.lessons import toy

torch.set_grad_enabled(False)  # nothing is trained here
images = data.load("mnist")

# %% [markdown]
# ## 1. The probability of an image
#
# Notebook 01 ended with a wish. Choose a simple distribution of codes *first*, the **prior** $p(z)$; in this course always
# $N(0, I)$. Let the decoder say how likely each image is for a code, $p(x \mid z)$. Then the model as a whole gives each
# image a probability,
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz .$$
#
# A good model gives real images a high probability. $p(x)$ is called the **evidence**, and training should raise its logarithm. The integral is the mean
# of $p(x \mid z)$ over draws of $z$ from the prior. So draw many $z$, decode each, and average. What could go wrong?
#
# We try it with two trained models that come with the course, one with 2 latent numbers and one with 50. Notebook 04
# builds both; here we use only their decoders. For a black-and-white image, $\log p(x \mid z)$ is minus the cross-entropy of notebook 01.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "p(x) is an average over the prior. So draw codes, decode, average. What could go wrong?"
# > - **Usually answered:** "Nothing, with enough draws." Ask how many of 20,000 matter, and collect numbers on the board before anybody commits; expect thousands.
# > - **Show:** The figure with the best eight draws: sevens, but none is this seven.

# %%
widgets.Prediction("elbo.draws")

# %%
x = images.test.x[:1].round()  # a test image of a 7, made black and white: (1, 1, 28, 28)


def log_likelihoods_under_prior(model, draws):
    z = torch.randn(draws, model.latent_dim, generator=torch.Generator().manual_seed(0))  # z ~ p(z)
    parts = [-losses.reconstruction(model.decode(part), x.expand(len(part), -1, -1, -1)) for part in z.split(1000)]
    return torch.cat(parts)  # log p(x|z) of each draw: (draws,)


# %%
def carriers(log_weights, mass=0.99):
    """How many of the draws, largest first, carry this share of the sum."""
    weights = torch.softmax(log_weights, 0).sort(descending=True).values
    return int((weights.cumsum(0) < mass).sum()) + 1


# %%
draws = {name: log_likelihoods_under_prior(pretrained.load(name), 20_000) for name in ("vae-2d", "vae-50d")}
for name, log_px_z in draws.items():
    share = carriers(log_px_z) / 20_000
    print(
        f"{name:8s} 99% of the average comes from fewer than 1% of the draws: {share < 0.01}; fewer than 0.1%: {share < 0.001}"
    )

# %% [markdown]
# With two latent numbers a small share of the draws, about one in a thousand, carries everything: the others decode to other digits or to other sevens, and
# $p(x \mid z)$ is next to nothing there. With 50 latent numbers it is a single draw. The next figure shows what
# the best of the 20,000 draws decode to.

# %%
best = {"$x$": x}
for name, log_px_z in draws.items():
    vae = pretrained.load(name)
    codes = torch.randn(20_000, vae.latent_dim, generator=torch.Generator().manual_seed(0))
    best[f"{name}: best draws"] = torch.sigmoid(vae.decode(codes[log_px_z.topk(8).indices]))
plots.image_grid(
    {name: pictures.numpy() for name, pictures in best.items()},
    "The best 8 of 20,000 random codes: with 50 numbers they are sevens, but none is this seven",
)

# %% [markdown]
# With 50 numbers the model knows many sevens, and the chance to draw this one is tiny. A single draw carries 99% only because none of the 20,000 is good;
# section 6 tells how many would be needed. The average is correct in the limit, but
# the limit is out of reach: the more dimensions, the smaller the part of the prior where the image could have come from.

# %%
widgets.Quiz("elbo.evidence", "elbo.average", "elbo.ten-pixels")

# %% [markdown]
# ## 2. A model small enough to integrate
#
# From here on we want to *check* every claim, so we take a model where the integral can be computed. One latent number $z$, one observed number $x$:
#
# $$z \sim N(0, 1), \qquad x \mid z \sim N\!\left(f(z),\, s^2\right), \qquad f(z) = \log(1 + e^{4z}), \quad s = 0.5 .$$
#
# $f$ plays the decoder. It bends, as a decoder does. Here $s$ is a standard deviation, how far $x$ may lie from $f(z)$, and not the sigmoid of notebook 01.
# An integral over one number is a sum over a fine grid, times the step of the grid: this is called *quadrature*.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 4 minutes.**
# >
# > - **Ask:** "Why leave the digits for one number z and one number x?"
# > - **Usually answered:** "To make it easier." Better: so that every claim can be checked by a sum.
# > - **Show:** The one printed number, log p(x). It comes back in each of the five lines.

# %%
dz = 0.001
z = np.arange(-12, 12, dz)  # the grid
toy_model = toy.LatentModel("curved", noise=0.5)
x_observed = 1.0

log_prior = toy_model.log_prior(z)  # log p(z)
log_likelihood = toy_model.log_likelihood(x_observed, z)  # log p(x|z)
log_joint = log_prior + log_likelihood  # log p(x, z)
log_px = math.log(np.sum(np.exp(log_joint)) * dz)  # log of the integral
print(f"log p(x) = {log_px:.6f} nats, by quadrature")

# %% [markdown]
# Drawing from the prior works here, since one number is easy to hit. We count the carriers all the same.

# %%
z_draws = np.random.default_rng(0).standard_normal(20_000)
log_px_draws = toy_model.log_likelihood(x_observed, z_draws)
print(f"by 20,000 draws: {np.logaddexp.reduce(log_px_draws) - math.log(20_000):.2f} nats")
print(f"{carriers(torch.tensor(log_px_draws)) / 20_000:.0%} of the draws carry 99% of the average")

# %%
widgets.Quiz("elbo.log-of-sum", "elbo.prior-in-draws", "elbo.less-noise")

# %% [markdown]
# ## 3. A posterior for each image
#
# Which codes could this $x$ have come from? Bayes' rule answers: the **posterior**
#
# $$p(z \mid x) = \frac{p(x, z)}{p(x)} = \frac{p(x \mid z)\, p(z)}{p(x)} .$$
#
# It is high at the codes that carry the average over the prior. But its denominator is $p(x)$, the very thing we cannot compute. So we do what
# the VAE does: take a simple distribution $q(z \mid x)$, a Gaussian with its own mean $\mu$ and standard deviation $\sigma$ for each image,
# and let it stand in for the posterior. Later an encoder network will put out $\mu$ and $\sigma$. Here we choose them by hand.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "Bayes gives the posterior. Why are we not done?"
# > - **Usually answered:** "Too many dimensions." Close: the denominator is p(x), the number we are looking for.
# > - **Show:** The figure with prior, posterior and q.

# %%
mu, sigma = -0.1, 0.3
log_posterior = log_joint - log_px  # Bayes' rule
log_q = toy.log_normal(z, mu, sigma)
q = np.exp(log_q)

plots.lines(
    {"prior $p(z)$": (z, np.exp(log_prior)), "posterior $p(z|x)$": (z, np.exp(log_posterior)), "$q(z|x)$": (z, q)},
    "The posterior is narrow and skewed; the Gaussian q stands in for it",
    "latent number z",
    "density",
    colors={"prior $p(z)$": "prior", "posterior $p(z|x)$": "data", "$q(z|x)$": "encoder"},
    xlim=(-3, 3),
)

# %%
widgets.Quiz("elbo.posterior", "elbo.bayes-number", "elbo.two-letters")

# %% [markdown]
# ## 4. The derivation, five lines, each with its number
#
# We start from $\log p(x)$ and bring in $q$. An integral $\int q(z \mid x)\, h(z)\, dz$ is the mean of $h$ under $q$; on the grid it is `mean_under_q(h)`.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 20 minutes.**
# >
# > - **Ask:** Before line 3: "may I multiply by 1?" After line 5: "what have we got that we can compute?"
# > - **Usually answered:** "It is just algebra", and then no answer to the second. Let them list which of log p(x|z), log p(z), log q(z|x), log p(x) can be computed.
# > - **Show:** One line at a time on the board, beside the printed number. Then the ELBO explorer: a student looks for the best q by hand, with the linear decoder first, where the gap closes.


# %%
def mean_under_q(h):
    return np.sum(q * h) * dz


lines = {}

# %% [markdown]
# **Line 1.** $\log p(x)$ does not depend on $z$, and $q$ integrates to 1. So the mean of a constant is the constant:
#
# $$\log p(x) = \int q(z \mid x)\, \log p(x)\, dz .$$

# %%
lines[1] = mean_under_q(np.full_like(z, log_px))
print(f"line 1: {lines[1]:.6f}")

# %% [markdown]
# **Line 2.** Bayes' rule, solved for $p(x)$, holds at every $z$: $p(x) = p(x, z) / p(z \mid x)$.
#
# $$= \int q(z \mid x)\, \log \frac{p(x, z)}{p(z \mid x)}\, dz$$

# %%
lines[2] = mean_under_q(log_joint - log_posterior)
print(f"line 2: {lines[2]:.6f}")

# %% [markdown]
# **Line 3.** Multiply and divide by $q$ inside the logarithm. Nothing changes:
#
# $$= \int q(z \mid x)\, \log \left( \frac{p(x, z)}{q(z \mid x)} \cdot \frac{q(z \mid x)}{p(z \mid x)} \right) dz$$

# %%
lines[3] = mean_under_q((log_joint - log_q) + (log_q - log_posterior))
print(f"line 3: {lines[3]:.6f}")

# %% [markdown]
# **Line 4.** The logarithm of a product is a sum, and the integral of a sum is a sum of integrals:
#
# $$= \underbrace{\int q(z \mid x)\, \log \frac{p(x, z)}{q(z \mid x)}\, dz}_{\text{ELBO}}
# \;+\; \underbrace{\int q(z \mid x)\, \log \frac{q(z \mid x)}{p(z \mid x)}\, dz}_{\mathrm{KL}(q(z \mid x)\,\|\,p(z \mid x))}$$
#
# The second term is the *Kullback-Leibler divergence* of $q$ from the posterior: how far $\log q$ lies above the logarithm of the posterior, in nats and on average under $q$.

# %%
elbo = mean_under_q(log_joint - log_q)
gap = mean_under_q(log_q - log_posterior)
lines[4] = elbo + gap
print(f"line 4: {elbo:.6f} + {gap:.6f} = {lines[4]:.6f}")

# %% [markdown]
# **Line 5.** A KL divergence is never negative, and zero only if the two distributions are the same. So
#
# $$\log p(x) \;\ge\; \text{ELBO} .$$

# %%
lines[5] = elbo
print(f"line 5: {lines[5]:.6f} <= {log_px:.6f}")
print("lines 1 to 4 agree to 1e-6:", max(lines[i] for i in (1, 2, 3, 4)) - min(lines[i] for i in (1, 2, 3, 4)) < 1e-6)
print("the gap log p(x) - ELBO is the KL to 1e-6:", abs((log_px - elbo) - gap) < 1e-6)

# %% [markdown]
# The posterior on our grid was *defined* by Bayes' rule, so some agreement was built in. A fair check computes the ELBO and the KL by other code, on other points: `toy` does the first on points that move with $q$.

# %%
on_other_points = toy_model.elbo(x_observed, mu, sigma) + toy_model.kl_to_posterior(x_observed, mu, sigma)
print("ELBO + KL on other points gives log p(x) to 1e-6:", bool(abs(on_other_points - log_px) < 1e-6))

# %%
widgets.Prediction("elbo.moving-q")

# %% [markdown]
# **Why line 5 is worth so much.** The ELBO holds $\log p(x, z) = \log p(x \mid z) + \log p(z)$ and $\log q(z \mid x)$. We can compute all three
# for any $z$, and $p(x)$ is not among them. With the decoder held fixed, $\log p(x)$ does not move, so a higher ELBO shrinks the gap by exactly as
# much: $q$ comes closer to the posterior. A change of the decoder that raises the ELBO raises a floor under $\log p(x)$; the gap may then grow or shrink.
#
# **Why is KL never negative?** The logarithm bends downwards, so the mean of a log is at most the log of the mean (Jensen's inequality):
# $-\mathrm{KL} = \int q \log \frac{p}{q}\, dz \le \log \int q\, \frac{p}{q}\, dz = \log 1 = 0$, with $p$ for the posterior.
#
# ### Put your hand on it
#
# Drag the green $q$. The black line $\log p(x)$ stays; the gap grows by what the ELBO loses. **Find the best $q$ by hand**, then press
# *Find the best q*. With the linear decoder the gap closes to zero: there the posterior *is* a Gaussian. With a curved decoder it cannot.
# Press *Next line* to step through the five lines, and watch which term changes.

# %%
widgets.ElboExplorer("curved", x=1.0, mu=-1.0, sigma=1.0)

# %%
widgets.Quiz("elbo.inequality", "elbo.elbo-line", "elbo.floor")

# %% [markdown]
# ## 5. The second form: reconstruction minus KL to the prior
#
# Write $\log p(x, z) = \log p(x \mid z) + \log p(z)$ inside the ELBO and sort the terms:
#
# $$\text{ELBO} = \underbrace{\mathbb{E}_{q}\left[\log p(x \mid z)\right]}_{\text{reconstruction}}
# \;-\; \underbrace{\mathrm{KL}\left(q(z \mid x)\,\|\,p(z)\right)}_{\text{price of the code}} .$$
#
# $\mathbb{E}_q[\cdot]$ is the mean under $q$. The first term asks that codes drawn from $q$ decode to $x$. The second asks that $q$ stays close to the prior.
#
# **Take care:** this KL is not the gap. The gap compares $q$ with the *posterior* $p(z \mid x)$ and cannot be computed in a real model. This one compares $q$
# with the *prior* $p(z)$, and for Gaussians it has a formula.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Is this KL the gap?"
# > - **Usually answered:** "Yes." An easy mix-up, and one worth a minute: the one KL goes to the posterior, the other to the prior.
# > - **Show:** The two printed sums, then KL of N(1, 1) from N(0, 1) on the board: ½ nat.

# %%
reconstruction = mean_under_q(log_likelihood)
kl_to_prior = mean_under_q(log_q - log_prior)
print(f"reconstruction {reconstruction:.4f} - KL to the prior {kl_to_prior:.4f} = {reconstruction - kl_to_prior:.4f}")
print(f"ELBO from line 4                                   {elbo:.4f}")

# %% [markdown]
# ### The KL of two Gaussians
#
# For $q = N(\mu, \sigma^2)$ with $D$ independent dimensions and $p = N(0, I)$ the integral is
#
# $$\mathrm{KL} = \frac{1}{2} \sum_{d=1}^{D} \left( \mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2 \right) .$$
#
# Where does it come from? $\log q - \log p = -\frac{(z-\mu)^2}{2 \sigma^2} - \frac12 \log \sigma^2 + \frac{z^2}{2}$ in each dimension.
# Under $q$ the mean of $(z - \mu)^2$ is $\sigma^2$ and the mean of $z^2$ is $\mu^2 + \sigma^2$. Put them in.
#
# Networks put out `logvar` $= \log \sigma^2$, so that any real number stands for a valid variance. Mind the three names: $\sigma$ is the standard deviation, $\sigma^2$ the variance, `logvar` its logarithm.
# The cell compares the formula with the library's, and with the mean of $\log q - \log p$ over 20,000 draws from $q$ (*Monte Carlo*).


# %%
def kl_to_standard_normal(mu, logvar):
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(1)  # two (N, D) -> (N,); expm1(v) is exp(v) - 1


mu_50 = torch.randn(4, 50, generator=torch.Generator().manual_seed(1))
logvar_50 = torch.randn(4, 50, generator=torch.Generator().manual_seed(2))
formula = kl_to_standard_normal(mu_50, logvar_50)
library = kl_divergence(Normal(mu_50, torch.exp(logvar_50 / 2)), Normal(0.0, 1.0)).sum(1)

sigma_50 = torch.exp(logvar_50 / 2)
z_50 = mu_50 + sigma_50 * torch.randn(20_000, 4, 50, generator=torch.Generator().manual_seed(3))
log_ratio = Normal(mu_50, sigma_50).log_prob(z_50) - Normal(0.0, 1.0).log_prob(z_50)  # (20000, 4, 50)
print("formula    ", [f"{value:.1f}" for value in formula.tolist()])
print("library    ", [f"{value:.1f}" for value in library.tolist()])
print("Monte Carlo within 0.5 nats of the formula:", bool((log_ratio.sum(2).mean(0) - formula).abs().max() < 0.5))

# %%
widgets.Quiz("elbo.logvar", "elbo.kl-sum", "elbo.two-terms")

# %% [markdown]
# ## 6. More samples, a tighter bound
#
# The ELBO uses one $z$ at a time. With $k$ draws $z_1, \dots, z_k$ from $q$ one can average *inside* the logarithm:
#
# $$\mathcal{L}_k = \mathbb{E}\left[\log \frac{1}{k} \sum_{j=1}^{k} \frac{p(x, z_j)}{q(z_j \mid x)}\right], \qquad
# \text{ELBO} = \mathcal{L}_1 \le \mathcal{L}_5 \le \mathcal{L}_{50} \le \dots \le \log p(x) .$$
#
# Each fraction is a weight. It equals $p(x)\, p(z \mid x) / q(z \mid x)$, so it is large where the posterior is higher than $q$. On average over the draws, the
# mean of the weights is exactly $p(x)$, and it gets steadier with $k$ (Burda, Grosse and Salakhutdinov 2016, eq. 8).

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "The gap is a quarter of a nat. Do 50 samples close it?"
# > - **Usually answered:** "Yes, 50 is a lot."
# > - **Show:** The sketch: one student draws on the projected sheet, then commit. Skip the 50-D example when time is short.

# %%
widgets.Prediction("elbo.samples")


# %%
def importance_weighted_bound(k, repeats=20_000):
    rng = np.random.default_rng(k)
    z = mu + sigma * rng.standard_normal((k, repeats))
    log_weights = toy_model.log_joint(x_observed, z) - toy.log_normal(z, mu, sigma)
    return np.mean(np.logaddexp.reduce(log_weights, axis=0) - math.log(k))


bounds = {k: importance_weighted_bound(k) for k in (1, 5, 50, 500)}
for k, bound in bounds.items():
    print(f"k = {k:3d}: bound {bound:.2f} (+- 0.01), still {log_px - bound:.2f} nats below log p(x)")

# %%
plots.lines(
    {"importance-weighted bound": (list(bounds), list(bounds.values())), "log p(x)": ([1, 500], [log_px, log_px])},
    "The bound climbs to log p(x) as the number of samples grows",
    "samples k",
    "nats",
    colors={"importance-weighted bound": "encoder", "log p(x)": "data"},
    xscale="log",
    marker="o",
)

# %% [markdown]
# Fifty samples close most of the gap, and then it gets slow. This $q$ is too narrow on the left, where the posterior has a long tail. Draws from there are rare but carry large weights,
# and the average must wait for them.
#
# The same works on the image of section 1. There, 20,000 draws from the prior were not enough. The 50-D model also has an encoder that puts out
# $\mu$ and $\sigma$ of $q(z \mid x)$ for this image, so that we can draw where it matters.

# %%
vae50 = pretrained.load("vae-50d")
torch.manual_seed(0)
from_prior = torch.logsumexp(draws["vae-50d"], 0).item() - math.log(20_000)
from_q = metrics.log_likelihood(vae50, x, 500).item()
print("the estimate from 500 draws of q(z|x) is higher by more than 15 nats:", from_q - from_prior > 15)

# %% tags=["nbval-ignore-output"]
_, kl = vae50.loss(x)[1:]
print(
    f"log p(x) by 20,000 draws from the prior {from_prior:.1f}, by 500 draws from q(z|x) {from_q:.1f} nats; KL(q || prior) {kl:.0f} nats"
)

# %% [markdown]
# Both estimates are too low on average, and each overshoots by 3 nats or more at most one time in twenty (Markov's inequality: $e^{-3}$). So the higher one is to be believed.
# Forty times fewer draws come out far higher, because they are drawn where the image can have come from. The KL to the prior says how many draws from the prior it would take
# to find such a place: with 21 nats, something like $e^{21}$, a billion.
# Notebook 05 uses this bound with $k = 5{,}000$ to report $\log p(x)$ of the trained VAE on all test digits.

# %%
widgets.Quiz("elbo.prior-or-q", "elbo.two-weights", "elbo.exact-q")

# %% [markdown]
# ## Reading the original with care
#
# The lecture note that this course grew from, like many slides and blogs, is quick with its letters. Three readings to keep straight:
#
# - The lecture writes the posterior per image as $p$. The *true* posterior $p(z \mid x)$ is unknown. What the encoder puts out is the stand-in $q(z \mid x)$, and a different letter is worth its ink.
# - The decoder reads a code, so $p(x \mid z_i)$ takes $z_i$, not $x_i$, as its input. The index $i$ says that the code was drawn from $q(z \mid x_i)$ of image $i$.
# - $p(X) = \sum_z p(X \mid z)\, p(z)$ is written with a sum. For a Gaussian $z$ it is an integral. For the codebook of the VQ-VAE the sum is right.
#
# ## Exercises (34 minutes)
#
# Replace the starter, run the two cells and read the card; its hints unfold one by one. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The KL of two Gaussians
#
# **★☆☆ · 6 minutes.** Cover the formula above, and write it from memory. Three names to keep apart: $\sigma$, $\sigma^2$ and `logvar`.
#
# **Contract:** `my_kl(mu, logvar)`: two float tensors (N, D), logvar = log sigma^2 → (N,): KL(N(mu, sigma^2) || N(0, I)), nats.


# %% tags=["starter"]
def my_kl(mu, logvar):
    return ...  # two (N, D) -> (N,)


# %%
checks.kl(my_kl)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_kl(mu, logvar):
#     return 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar).sum(1)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Line 4, first term
#
# **★★☆ · 6 minutes.** The ELBO as an integral on a grid. Three of the four arguments are logarithms of densities.
#
# **Contract:** `my_elbo_on_a_grid(log_prior, log_likelihood, log_q, dz)`: three (G,) on a grid of z with step dz → one number: the integral of q log(p(x, z) / q), nats.


# %% tags=["starter"]
def my_elbo_on_a_grid(log_prior, log_likelihood, log_q, dz):
    q = torch.exp(log_q)
    log_joint = ...  # log p(x, z)
    return q * log_joint  # (G,); asked for is one number


# %%
checks.elbo_on_a_grid(my_elbo_on_a_grid)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_elbo_on_a_grid(log_prior, log_likelihood, log_q, dz):
#     q = torch.exp(log_q)
#     log_joint = log_prior + log_likelihood  # log p(x, z)
#     return (q * (log_joint - log_q)).sum() * dz
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Average inside the logarithm
#
# **★★☆ · 8 minutes.** The bound of section 6 for a whole batch: one column of log-weights an image. Log-weights of images are near -100, and $e^{-400}$ is 0 in a computer.
#
# **Contract:** `my_importance_weighted_bound(log_weights)`: (k, N), one column an image → (N,): log of the mean weight, nats.


# %% tags=["starter"]
def my_importance_weighted_bound(log_weights):
    return torch.log(torch.exp(log_weights).mean(0))


# %%
checks.importance_weighted_bound(my_importance_weighted_bound)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_importance_weighted_bound(log_weights):
#     return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Bug hunt: right for one sigma only
#
# **★★☆ · 8 minutes.** A colleague estimates the KL from draws. With $\sigma = 1$ it agrees with the formula, with $\sigma = 2$ it is off, and more draws do not help. Mend it.
#
# **Contract:** `my_kl_by_sampling(z, mu, sigma)`: draws z (S, D) from N(mu, sigma^2), mu and sigma (D,) → (D,): an estimate of KL(N(mu, sigma^2) || N(0, 1)) for each of the D numbers, nats.


# %% tags=["starter"]
def my_kl_by_sampling(z, mu, sigma):
    log_q = -0.5 * ((z - mu) / sigma).square()
    log_p = -0.5 * z.square()
    return (log_q - log_p).mean(0)  # (S, D) -> (D,)


# %%
checks.kl_by_sampling(my_kl_by_sampling)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_kl_by_sampling(z, mu, sigma):
#     log_q = -0.5 * ((z - mu) / sigma).square() - torch.log(sigma)  # a density integrates to 1
#     log_p = -0.5 * z.square()  # the prior's sigma is 1; log sqrt(2 pi) cancels
#     return (log_q - log_p).mean(0)  # (S, D) -> (D,)
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · Break it: a q that reconstructs too well
#
# **★★☆ · 6 minutes.** Judge a $q$ by its reconstruction alone, and you will be fooled. Find $\mu$ and $\sigma$ for the curved model at $x = 1$ whose reconstruction term is better than that of the best $q$, and whose ELBO is far worse. The explorer of section 4 helps.
#
# **Contract:** `my_overconfident_q()`: no argument → (mu, sigma) of a q whose reconstruction is better and whose ELBO is worse.


# %% tags=["starter"]
def my_overconfident_q():
    mu, sigma = -0.1, 0.3  # the q of section 3
    return mu, sigma


# %%
checks.overconfident_q(my_overconfident_q)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_overconfident_q():
#     mu, sigma = 0.13, 0.02  # certain that z = 0.13, where f(z) = 1
#     return mu, sigma
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. Change `mu, sigma = -0.1, 0.3` in section 3 to values of your own and run sections 3 to 5 again. Which of the five lines change? Which two numbers move in step?
#
# <details><summary>Answer</summary>
#
# Lines 1 to 4 keep the value of $\log p(x)$, whatever $q$ is. Line 5, the ELBO, changes, and the gap changes by exactly as much in the other direction.
#
# </details>
#
# 2. A friend's training shows ELBO = -80 nats on an image and claims $\log p(x) = -80$. What can you say for certain?
#
# <details><summary>Answer</summary>
#
# $\log p(x) \ge -80$. By how much it is larger is the KL between $q$ and the true posterior, which the ELBO alone does not tell.
#
# </details>
#
# ## Summary
#
# - $p(x)$ is a mean over the prior, but almost no draw from the prior matters.
# - $\log p(x) = \text{ELBO} + \mathrm{KL}(q(z \mid x) \,\|\, p(z \mid x))$, for every $q$.
# - $\text{ELBO} = \mathbb{E}_q[\log p(x \mid z)] - \mathrm{KL}(q(z \mid x) \,\|\, p(z))$: reconstruction minus the price of the code.
# - With $k$ samples inside the logarithm the bound climbs to $\log p(x)$.
#
# ## Three questions to answer from memory
#
# Say your answer before you read the choices.

# %%
widgets.Quiz("elbo.two-kls", "elbo.gap-zero", "elbo.kl-number")

# %% [markdown]
# **Next:** [03 Reparameterization](03_reparameterization.ipynb). To raise the ELBO by gradient steps we must differentiate a mean under $q$ with respect to $q$'s own parameters.
