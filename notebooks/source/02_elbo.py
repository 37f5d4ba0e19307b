# %% [markdown]
# # 02 · From Bayes to the ELBO
#
# Here is an image, and a model that can generate digits. **How probable is it that the model generates exactly this image?** There is an obvious way to find out: draw many random codes, decode each of them, and
# average the probabilities that they assign to the image. We do this three times, with 20,000 codes each, and change nothing but the seed.

# %%
import math
import numpy as np
import torch
from torch.distributions import Normal, kl_divergence
from vqedu import checks, data, losses, plots, pretrained, widgets
from vqedu.lessons import toy

torch.set_grad_enabled(False)  # nothing is trained here
x = data.load("mnist").test.x[:1].round()  # a test image of a 7, in black and white: (1, 1, 28, 28)


def log_likelihood(model, z):
    """log p(x|z) for each code: (n, D) -> (n,)"""
    parts = [-losses.reconstruction(model.decode(part), x.expand(len(part), -1, -1, -1)) for part in z.split(1000)]
    return torch.cat(parts)


def from_prior(model, seed, n=20_000):
    z = torch.randn(n, model.latent_dim, generator=torch.Generator().manual_seed(seed))  # z ~ p(z)
    return z, log_likelihood(model, z)


# %%
vae50 = pretrained.load("vae-50d")
runs = {"vae-50d": [from_prior(vae50, seed) for seed in (0, 1, 2)]}
estimates = [
    torch.logsumexp(log_px_z, 0).item() - math.log(20_000) for _, log_px_z in runs["vae-50d"]
]  # log of the mean
luckiest = torch.stack([z[log_px_z.argmax()] for z, log_px_z in runs["vae-50d"]])
captions = ["the image x", *[f"seed {seed}: {value:.1f}" for seed, value in enumerate(estimates)]]
plots.captioned_images(
    {"": (torch.cat([x, torch.sigmoid(vae50.decode(luckiest))]), captions)},
    "One image, one method, three seeds: three estimates of log p(x), each above its best draw",
    size=1.6,
)

# %% [markdown]
# The answers range from −84.6 to −70.2. That is a difference of 14 nats (the unit of natural logarithms), and so a factor of more than a million in $p(x)$. The method is correct, and yet it is useless. Why does it fail, and what can we compute instead?
# The answer to the second question is the **evidence lower bound** (ELBO), and it is what a VAE is trained with.
#
# **After this notebook you can**
#
# - explain why, with many latent dimensions, $p(x)$ cannot be estimated by drawing codes from the prior,
# - derive the ELBO in one line, and find out in five more what it leaves out, checking each line numerically,
# - read the ELBO as reconstruction minus KL, and compute the KL of Gaussians,
# - tighten the bound with more samples,
# - write the ELBO of a model you have not seen before, and find its best $q$.
#
# **Time:** 45 minutes, and 57 for the exercises. **Builds on:** [01 The autoencoder](01_autoencoder.ipynb), Bayes' rule, expectations. **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("autoencoder.pca", "autoencoder.decoder-output", "autoencoder.junk")

# %% [markdown]
# ## 1. The probability of an image
#
# The autoencoder of notebook 01 could not generate, because nothing in its training determined where the codes should lie. So let us choose their distribution *first*: the **prior** $p(z)$, which for the VAEs of this course is always $N(0, I)$. The decoder
# then assigns a probability to every image, given a code: this is the **likelihood** $p(x \mid z)$. We observe $x$ but never $z$, which is why $z$ is called a **latent variable**.
#
# Prior and decoder together are a complete model of images: draw $z$ from the prior, then $x$ from $p(x \mid z)$. The probability that this produces a given $x$ is
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz = \mathbb{E}_{z \sim p(z)}\left[p(x \mid z)\right],$$
#
# the **evidence** or marginal likelihood. A good model gives a high $p(x)$ to real images, so we want to train it by maximum likelihood, which means raising $\log p(x)$. Why the logarithm? We treat the training images as independent draws, so
# their joint probability is a product, and the logarithm turns it into a sum over images. It also keeps the numbers in a range that a computer can handle: the $p(x)$ of our 7 is near $e^{-50}$, as section 2 will show, and a product of thousands of such numbers would be rounded to zero.
# For the same reason our program averages with `logsumexp`, which takes the values of $\log p(x \mid z)$ and returns the logarithm of the sum of the
# probabilities, without rounding any tiny number to zero on the way.
#
# For a black-and-white image, $\log p(x \mid z)$ is minus the cross-entropy of notebook 01, summed over the pixels.
#
# The expectation above suggests what we did at the top: draw codes, decode, average. Let us look at this more closely, with the model of 50 latent dimensions and with one that has only 2. (Notebook 04 shows how such models are built and trained; here we only use
# them.) First, make a guess.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "p(x) is an average over the prior, so draw codes, decode, and average. Of 20,000 draws, how many matter?"
# > - **Usually answered:** Thousands. Collect numbers on the board before anybody commits.
# > - **Show:** The printed table: three seeds side by side, first with 2 latent dimensions and then with 50. Then the figure: the log p(x|z) under each image shows why a clean seven that differs from ours adds almost nothing to the average.

# %% [markdown] tags=["slide-90"]
# ## How probable is an image?
#
# $$p(x) = \int p(x \mid z)\, p(z)\, dz = \mathbb{E}_{z \sim p(z)}\left[p(x \mid z)\right]$$
#
# An average over the prior: draw codes, decode each, average $p(x \mid z)$.

# %% [markdown] tags=["slide-90"]
# ## Of 20,000 draws, how many matter?

# %%
widgets.Prediction("elbo.draws")


# %%
def carriers(log_weights, mass=0.99):
    """How many terms, largest first, make up this share of the sum of exp(log_weights)."""
    shares = torch.softmax(log_weights, 0).sort(descending=True).values  # each term divided by the sum
    return int((shares.cumsum(0) < mass).sum()) + 1


vae2 = pretrained.load("vae-2d")
runs["vae-2d"] = [from_prior(vae2, seed) for seed in (0, 1, 2)]
print("model    seed   estimate of log p(x)   draws that carry 99% of the average")
for name in ("vae-2d", "vae-50d"):
    for seed, (_, log_px_z) in enumerate(runs[name]):
        estimate = torch.logsumexp(log_px_z, 0).item() - math.log(20_000)
        print(f"{name:8s} {seed:4d} {estimate:17.1f} {carriers(log_px_z):28d}")

# %% [markdown]
# With two latent dimensions, between 24 and 35 of the 20,000 draws make up 99% of the average, and the three estimates agree to within a nat. With 50 dimensions, one or two draws are enough. Such an average depends
# almost entirely on the luckiest draw, which is a different one in every run.
#
# The estimator is **unbiased**: averaged over infinitely many runs it is exactly $p(x)$. But almost every single run gives a value that is far too low. The runs that make up for this are so rare that we will never see one.
# The figure shows what the best draws decode to, with their $\log p(x \mid z)$.

# %% [markdown] tags=["slide-90"]
# ## One lucky draw decides the average

# %%
rows = {"x": (x, [""])}
for name, model in (("vae-2d", vae2), ("vae-50d", vae50)):
    z, log_px_z = runs[name][0]
    top = log_px_z.topk(6)
    rows[name] = (torch.sigmoid(model.decode(z[top.indices])), [f"{value:.1f}" for value in top.values])
plots.captioned_images(
    rows, "The best 6 of 20,000 random codes (seed 0), with log p(x|z): in 50-D, one lucky draw decides"
)

# %% [markdown]
# In the second row (2 dimensions) the draws are about equally good, so the average does not depend on any one of them. In the third (50 dimensions), the first draw is 15 nats better than the next, which is a factor of three million: it *is* the average. The other five are clean
# sevens, yet their $\log p(x \mid z)$ is lower than that of the blurry ones above. The 50-D model can draw many different sevens, most of them sharp, and a sharp seven that is a few pixels off is confident in the wrong places. That is the
# difficulty with this average: the more precise the model and the more dimensions it has, the smaller the region of the prior from which our image could have come.

# %%
widgets.Quiz("elbo.ten-pixels")

# %% [markdown]
# ## 2. Draw where it matters: the bound in one line
#
# We cannot wait for the prior to hit the right codes. What we can do is draw from a distribution that we choose ourselves, one that concentrates on codes from which *this* image could have come. Call it $q(z \mid x)$. Wherever $q$
# is positive we may multiply and divide by it, and a Gaussian is positive everywhere. So $p(x)$ is also an average over $q$:
#
# $$p(x) = \int p(x, z)\, dz = \int q(z \mid x)\, \frac{p(x, z)}{q(z \mid x)}\, dz = \mathbb{E}_{q}\left[\frac{p(x, z)}{q(z \mid x)}\right], \qquad p(x, z) = p(x \mid z)\, p(z) .$$
#
# The fraction is an **importance weight**. It is $p(x \mid z)$, which we averaged before, times $p(z) / q(z \mid x)$, and this factor makes up for drawing some codes more often than the prior would.
#
# We want $\log p(x)$. The logarithm is concave, so the mean of a logarithm is never larger than the logarithm of the mean. This is **Jensen's inequality**, and it gives the bound in one line:
#
# $$\log p(x) = \log \mathbb{E}_{q}\left[\frac{p(x, z)}{q(z \mid x)}\right] \;\ge\; \mathbb{E}_{q}\left[\log \frac{p(x, z)}{q(z \mid x)}\right] = \text{ELBO} .$$
#
# Every term on the right can be computed: $\log p(x \mid z)$ with the decoder, $\log p(z)$ from the formula for the prior, and $\log q(z \mid x)$ because we chose $q$. And because the ELBO is an average over $q$, we can estimate it from a few draws.
#
# Where does $q$ come from? The VAE has an encoder that reads an image and returns the mean and the standard deviation of a Gaussian $q(z \mid x)$. We could instead search for the best Gaussian separately for every image, but
# the encoder learns to do it for all images at once. This is called **amortized inference**: the effort of finding $q$ is spent once, during training, and shared by all images. Let us use this encoder.
# (In place of the standard deviation, ours returns `logvar`, the logarithm of the variance. Section 5 says why.)

# %% [markdown] tags=["slide-45"]
# ## Draw codes where they matter
#
# $$\log p(x) = \log \mathbb{E}_{q}\left[\frac{p(x, z)}{q(z \mid x)}\right] \;\ge\; \mathbb{E}_{q}\left[\log \frac{p(x, z)}{q(z \mid x)}\right] = \text{ELBO}$$
#
# We choose $q$, so we can draw from it. Moving the logarithm inside the average (Jensen) costs something.
#
# **What exactly do we lose?**

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "We may draw from any q we like. What must we do so that the average is still p(x)?" Let them find the division by q.
# > - **Usually answered:** "Nothing, an average is an average."
# > - **Show:** Jensen with two weights, 1 and 9, on the board: log 5 against log 3. Then the table: 500 draws from q against 20,000 from the prior.


# %%
def log_weights(model, k, seed):
    """log p(x, z) - log q(z|x) for k draws from q(z|x): (k,)"""
    mu, logvar = model.encode(x)  # each (1, D)
    sigma = torch.exp(logvar / 2)
    z = mu + sigma * torch.randn(k, model.latent_dim, generator=torch.Generator().manual_seed(seed))
    log_prior, log_q = Normal(0.0, 1.0).log_prob(z).sum(1), Normal(mu, sigma).log_prob(z).sum(1)
    return log_likelihood(model, z) + log_prior - log_q


print("seed   20,000 from the prior   500 from q(z|x)   ELBO, the mean of 500 logs")
for seed, naive in zip((0, 1, 2), estimates):
    log_w = log_weights(vae50, 500, seed)
    importance = torch.logsumexp(log_w, 0).item() - math.log(500)  # log of the mean weight
    print(f"{seed:4d} {naive:18.1f} {importance:19.1f} {log_w.mean().item():20.1f}")

# %% [markdown]
# With 500 draws from $q$, all three estimates are near $-50$ and agree to about a nat. They are 20 to 35 nats higher than those from 20,000 draws from the prior. The ELBO, near $-51.8$, is 1 to 3 nats below the estimates from $q$, as
# Jensen's inequality promises, and it varies least from seed to seed.
#
# Why should we trust the higher numbers? Both averages are unbiased for $p(x)$. Their logarithms are not: by Jensen's inequality again, they are **biased low** for $\log p(x)$. A single estimate can still come out too high by chance, but
# rarely by much: an unbiased estimate that is never negative exceeds 20 times the truth in at most one run out of 20 (Markov's inequality), and a factor of 20 is only 3 nats. So the higher estimates are almost certainly the closer ones.
#
# What does the bound leave out, and how do we choose $q$ so that it leaves out little? To see that, we need a model in which even $p(x)$ can be computed.

# %%
widgets.Quiz("elbo.two-weights")

# %% [markdown]
# ## 3. A posterior for each image
#
# **A model small enough to integrate.** Take one latent number $z$ and one observed number $x$:
#
# $$z \sim N(0, 1), \qquad x \mid z \sim N\!\left(f(z),\, s^2\right), \qquad f(z) = \log(1 + e^{4z}), \quad s = 0.5 .$$
#
# $f$ plays the role of the decoder and, like a real decoder, it is nonlinear. (Here $s$ is a standard deviation, not the sigmoid of notebook 01.) An integral over a single variable can be computed as a sum over a fine grid, times the step of the grid, so in this
# model we can check every claim numerically.

# %%
dz = 0.001
z = np.arange(-12, 12, dz)  # the grid
toy_model = toy.LatentModel("curved", noise=0.5)
x_toy = 1.0

log_prior = toy_model.log_prior(z)  # log p(z)
log_px_given_z = toy_model.log_likelihood(x_toy, z)  # log p(x|z)
log_joint = log_prior + log_px_given_z  # log p(x, z)
log_px = math.log(np.sum(np.exp(log_joint)) * dz)  # log of the integral
print(f"log p(x) = {log_px:.6f} nats")

# %% [markdown]
# Which codes could this $x$ have come from? Bayes' rule answers with the **posterior**
#
# $$p(z \mid x) = \frac{p(x, z)}{p(x)} = \frac{p(x \mid z)\, p(z)}{p(x)} .$$
#
# It is large exactly at the codes that matter, so it would be the ideal distribution to draw from. But its denominator is $p(x)$, the number we are looking for. In a real model we therefore use a simple $q(z \mid x)$ as an **approximate
# posterior**, here a Gaussian with mean $\mu$ and standard deviation $\sigma$. An encoder would compute both from $x$. Here we have only a single $x$, so we choose them by hand, starting with $\mu = -0.1$ and $\sigma = 0.3$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 4 minutes.**
# >
# > - **Ask:** "Bayes' rule gives us the posterior. Why are we not done?"
# > - **Usually answered:** "Too many dimensions." That is close: the denominator is p(x), the number we are looking for.
# > - **Show:** The figure with prior, posterior, and q.

# %%
mu, sigma = -0.1, 0.3
log_posterior = log_joint - log_px  # Bayes' rule
log_q = toy.log_normal(z, mu, sigma)
q = np.exp(log_q)

plots.lines(
    {"prior $p(z)$": (z, np.exp(log_prior)), "posterior $p(z|x)$": (z, np.exp(log_posterior)), "$q(z|x)$": (z, q)},
    "The posterior is narrow and skewed; a Gaussian q can only approximate it",
    "latent variable z",
    "density",
    colors={"prior $p(z)$": "prior", "posterior $p(z|x)$": "data", "$q(z|x)$": "encoder"},
    xlim=(-3, 3),
)

# %%
widgets.Quiz("elbo.bayes-number")

# %% [markdown]
# ## 4. The derivation, five lines, each with its number
#
# Jensen's inequality told us *that* there is a gap. Five lines tell us *what* the gap is. They start from $\log p(x)$, and only the last of them uses an inequality. We write $\int q(z \mid x)\, h(z)\, dz$ for the mean of a function $h$
# under $q$. On the grid, this is `mean_under_q(h)`.

# %% [markdown] tags=["slide-45"]
# ## What we lose is a KL divergence
#
# $$\begin{aligned}
# \log p(x) &= \mathbb{E}_{q}\left[\log \frac{p(x, z)}{p(z \mid x)}\right] \\
# &= \mathbb{E}_{q}\left[\log \frac{p(x, z)}{q(z \mid x)}\right] + \mathbb{E}_{q}\left[\log \frac{q(z \mid x)}{p(z \mid x)}\right] \\[6pt]
# &= \text{ELBO} + \mathrm{KL}\left(q(z \mid x)\,\|\,p(z \mid x)\right)
# \end{aligned}$$

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 16 minutes.**
# >
# > - **Ask:** Before line 3: "May I multiply by 1?" After line 5: "Which of these terms could we compute in a real VAE?"
# > - **Usually answered:** "It is just algebra", and then silence. Let them go through log p(x|z), log p(z), log q(z|x), and log p(x), one at a time.
# > - **Show:** One line at a time on the board, beside its printed number. Then the ELBO explorer: a student looks for the best q by hand, first with the linear decoder, where the gap closes. The picture of the two KLs can be skipped.


# %%
def mean_under_q(h):
    return np.sum(q * h) * dz


# %% [markdown]
# **Line 1.** $\log p(x)$ does not depend on $z$, and the mean of a constant is the constant:
#
# $$\log p(x) = \int q(z \mid x)\, \log p(x)\, dz$$

# %%
print(f"line 1: {mean_under_q(np.full_like(z, log_px)):.6f}")

# %% [markdown]
# **Line 2.** Bayes' rule, solved for $p(x)$, is true at every $z$: $p(x) = p(x, z) / p(z \mid x)$.
#
# $$= \int q(z \mid x)\, \log \frac{p(x, z)}{p(z \mid x)}\, dz$$

# %%
print(f"line 2: {mean_under_q(log_joint - log_posterior):.6f}")

# %% [markdown]
# **Line 3.** Multiply and divide by $q$ inside the logarithm, as in section 2. Nothing changes:
#
# $$= \int q(z \mid x)\, \log \left( \frac{p(x, z)}{q(z \mid x)} \cdot \frac{q(z \mid x)}{p(z \mid x)} \right) dz$$

# %%
print(f"line 3: {mean_under_q((log_joint - log_q) + (log_q - log_posterior)):.6f}")

# %% [markdown]
# **Line 4.** The logarithm of a product is a sum, and the integral of a sum is a sum of integrals:
#
# $$= \underbrace{\int q(z \mid x)\, \log \frac{p(x, z)}{q(z \mid x)}\, dz}_{\text{ELBO}}
# \;+\; \underbrace{\int q(z \mid x)\, \log \frac{q(z \mid x)}{p(z \mid x)}\, dz}_{\mathrm{KL}(q(z \mid x)\,\|\,p(z \mid x))}$$
#
# The first term is the bound of section 2. The second is the **Kullback-Leibler divergence** (KL) of $q$ from the posterior. It measures how much larger $\log q$ is than the logarithm of the posterior, on average under $q$, in nats.

# %%
elbo = mean_under_q(log_joint - log_q)
gap = mean_under_q(log_q - log_posterior)
print(f"line 4: {elbo:.6f} + {gap:.6f} = {elbo + gap:.6f}")

# %% [markdown]
# So far every line is an equality, and it is true for *every* $q$. What happens to the three numbers of line 4 when we choose another $q$?

# %% [markdown] tags=["slide-90"]
# ## We move $q$. Which number changes?

# %%
widgets.Prediction("elbo.moving-q")

# %%
print("   mu  sigma   log p(x) =    ELBO  +  gap")
for m, s in ((-0.1, 0.3), (-1.0, 1.0), (0.5, 0.3), (0.13, 0.05)):
    bound, rest = toy_model.elbo(x_toy, m, s), toy_model.kl_to_posterior(x_toy, m, s)
    print(f"{m:5.2f} {s:6.2f} {bound + rest:10.3f} = {bound:7.3f} + {rest:6.3f}")

# %% [markdown]
# $\log p(x)$ depends on the prior and the decoder alone, so $q$ cannot change it. Whatever the ELBO gains, the gap loses. (`toy` computes the ELBO and the gap separately, each on its own grid, so nothing in the program forces them to
# add up to $\log p(x)$.)
#
# **Line 5.** A KL divergence is never negative, and it is zero only if the two distributions are equal. If we leave it out, a bound remains:
#
# $$\log p(x) \;\ge\; \text{ELBO}$$

# %%
print(f"line 5: {log_px:.6f} >= {elbo:.6f}")

# %% [markdown]
# **Why is a KL never negative?** Jensen's inequality once more, with $p$ for the posterior: $-\mathrm{KL} = \int q \log \frac{p}{q}\, dz \le \log \int q\, \frac{p}{q}\, dz = \log 1 = 0$. (In the last integral $q$ cancels, and $p$ integrates to 1.)
#
# **What the bound is good for.** If we keep the decoder fixed and raise the ELBO by changing $q$, the gap must shrink: $q$ comes closer to the posterior, although we cannot even compute the posterior. If we raise it by changing the decoder, we raise a floor
# under $\log p(x)$. A VAE does both at once.
#
# ### Find the best q yourself
#
# Drag the green $q$ and watch the waterfall chart: $\log p(x)$ does not move, and the gap is what separates the ELBO from it. **Try to find the best $q$ by hand**, then press *Find the best q*. With the linear decoder the gap closes completely, because there the
# posterior is a Gaussian. With the curved decoder it cannot close. Below the chart are the five lines, computed at your $q$. Press *From the top* to go back to line 1, and then *Next line* to step through them.

# %% [markdown] tags=["slide-45"]
# ## Move $q$: what changes, and what stays?

# %%
widgets.ElboExplorer("curved", x=1.0, mu=-1.0, sigma=1.0, line=5)

# %%
widgets.Quiz("elbo.floor")

# %% [markdown]
# ### The KL is not symmetric: which way around?
#
# With a fixed decoder, raising the ELBO lowers $\mathrm{KL}(q \,\|\, p)$, where $p$ is again the posterior. This is called the **reverse KL**. We could have asked for the **forward KL**, $\mathrm{KL}(p \,\|\, q)$, instead. The difference
# is plain to see when the posterior has two modes, as with the decoder $f(z) = z^2$, where $z$ and $-z$ explain $x$ equally well.

# %%
two_sided = toy.LatentModel("two-sided")
posterior = np.exp(two_sided.log_posterior(2.0, z))
mean = np.sum(posterior * z) * dz  # the Gaussian with the lowest forward KL has the posterior's mean and spread
spread = math.sqrt(np.sum(posterior * (z - mean) ** 2) * dz)
best = two_sided.best_gaussian(2.0)  # the highest ELBO: the lowest reverse KL
names = ("posterior $p(z|x)$", "best $q$ by reverse KL (highest ELBO)", "best $q$ by forward KL")
densities = (posterior, np.exp(toy.log_normal(z, *best)), np.exp(toy.log_normal(z, mean, spread)))
plots.lines(
    {name: (z, density) for name, density in zip(names, densities)},
    "The reverse KL picks one mode; the forward KL covers both",
    "latent variable z",
    "density",
    colors=dict(zip(names, ("data", "encoder", "encoder"))),
    dashed=names[2:],
    xlim=(-4, 4),
    ylim=(0, 2.6),
)

# %% [markdown]
# The reverse KL averages $\log q/p$ under $q$, so it punishes $q$ for putting mass where the posterior has none. The best $q$ therefore settles on one mode, and the reverse KL is called *mode-seeking*. The forward KL averages under $p$ and punishes $q$ for missing any part of
# the posterior, so the best $q$ covers everything, including the valley in between. To minimize the forward KL, we would need draws from the posterior, which we do not have. This is why a VAE uses the reverse KL.
#
# ## 5. The second form: reconstruction minus KL to the prior
#
# Write $\log p(x, z) = \log p(x \mid z) + \log p(z)$ inside the ELBO and sort the terms:
#
# $$\text{ELBO} = \underbrace{\mathbb{E}_{q}\left[\log p(x \mid z)\right]}_{\text{reconstruction}}
# \;-\; \underbrace{\mathrm{KL}\left(q(z \mid x)\,\|\,p(z)\right)}_{\text{cost of the code}} .$$
#
# (The KL collects the two terms $\log q(z \mid x) - \log p(z)$.) The first term rewards a $q$ whose codes decode to $x$, while the second keeps $q$ close to the prior. A VAE is trained with the ELBO in this form.
#
# **Careful:** this KL is not the gap. The gap compares $q$ with the *posterior* and cannot be computed in a real model. This one compares $q$ with the *prior*, and for Gaussians there is a formula.

# %% [markdown] tags=["slide-90"]
# ## The form that we can compute
#
# $$\text{ELBO} = \underbrace{\mathbb{E}_{q}\left[\log p(x \mid z)\right]}_{\text{reconstruction}} \;-\; \underbrace{\mathrm{KL}\left(q(z \mid x)\,\|\,p(z)\right)}_{\text{cost of the code}}$$
#
# **Is this KL the gap?**

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 9 minutes.**
# >
# > - **Ask:** "Is this KL the gap?"
# > - **Usually answered:** "Yes." It is an easy mix-up and worth a minute: one KL compares q with the posterior, the other with the prior.
# > - **Show:** The two printed numbers, then the KL of N(1, 1) from N(0, 1) on the board: ½ nat.

# %%
reconstruction = mean_under_q(log_px_given_z)
kl_to_prior = mean_under_q(log_q - log_prior)
print(f"reconstruction {reconstruction:.4f} - KL to the prior {kl_to_prior:.4f} = {reconstruction - kl_to_prior:.4f}")
print(f"ELBO from line 4                                   {elbo:.4f}")

# %%
widgets.Quiz("elbo.two-kls")

# %% [markdown]
# ### The KL of two Gaussians
#
# Let $q = N(\mu, \sigma^2)$ with $D$ independent dimensions and let the prior be $N(0, I)$. In each dimension
#
# $$\log q(z) - \log p(z) = -\frac{(z-\mu)^2}{2 \sigma^2} - \frac12 \log \sigma^2 + \frac{z^2}{2} .$$
#
# The constants $\frac12 \log 2\pi$ of the two densities have canceled. Under $q$, the mean of $(z - \mu)^2$ is $\sigma^2$ and the mean of $z^2$ is $\mu^2 + \sigma^2$. Insert both, and sum over the dimensions:
#
# $$\mathrm{KL} = \frac{1}{2} \sum_{d=1}^{D} \left( \mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2 \right) .$$
#
# Our encoder outputs not $\sigma$ but `logvar` $= \log \sigma^2$, because any real number is a valid logarithm (more on this in notebook 03). So keep three names apart: $\sigma$ is the standard deviation, $\sigma^2$ the variance, and `logvar` the logarithm
# of the variance. Turn the formula into code before you read ours.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · From the formula to code
#
# **★☆☆ · 5 minutes.** Compute the KL to the prior for each code of a batch.
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

# %% [markdown]
# Here is ours. It uses `expm1(v)`, which is $e^v - 1$ without rounding errors near 0. We compare it with torch's own function and with the mean of $\log q - \log p$ over 20,000 draws from $q$, a **Monte Carlo** estimate.


# %%
def kl_to_standard_normal(mu, logvar):
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar).sum(1)  # two (N, D) -> (N,)


mu_50 = torch.randn(3, 50, generator=torch.Generator().manual_seed(1))
logvar_50 = torch.randn(3, 50, generator=torch.Generator().manual_seed(2))
q_50, prior_50 = Normal(mu_50, torch.exp(logvar_50 / 2)), Normal(0.0, 1.0)
z_50 = q_50.mean + q_50.stddev * torch.randn(20_000, 3, 50, generator=torch.Generator().manual_seed(3))
log_ratio = (q_50.log_prob(z_50) - prior_50.log_prob(z_50)).sum(2)  # (20000, 3)
print("formula     ", [f"{value:.1f}" for value in kl_to_standard_normal(mu_50, logvar_50).tolist()])
print("torch       ", [f"{value:.1f}" for value in kl_divergence(q_50, prior_50).sum(1).tolist()])
print("Monte Carlo ", [f"{value:.1f}" for value in log_ratio.mean(0).tolist()])

# %% [markdown]
# The KL also explains why draws from the prior failed in section 1. Here it is for our image and the 50-D model.

# %%
kl_50 = kl_to_standard_normal(*vae50.encode(x)).item()
print(f"KL(q(z|x) || p(z)) = {kl_50:.0f} nats, and e to that power is {math.exp(kl_50):.0e}")

# %% [markdown]
# Roughly speaking, $q$ fills a fraction $e^{-\mathrm{KL}}$ of the prior. (If $q$ were the prior cut down to a region that contains a fraction $m$ of its mass, then $q(z \mid x) = p(z)/m$ there, and the KL would be
# exactly $-\log m$.) So it takes on the order of $e^{21}$ draws from the prior, about a billion, to land once where $q$ has most of its mass. We drew 20,000.
#
# ## 6. More samples, a tighter bound
#
# The ELBO takes the logarithm of one weight at a time. In section 2 we averaged 500 weights *inside* the logarithm and came out higher. In general, with $k$ draws $z_1, \dots, z_k$ from $q$,
#
# $$\mathcal{L}_k = \mathbb{E}\left[\log \frac{1}{k} \sum_{j=1}^{k} \frac{p(x, z_j)}{q(z_j \mid x)}\right]
# \;\le\; \log \mathbb{E}\left[\frac{1}{k} \sum_{j=1}^{k} \frac{p(x, z_j)}{q(z_j \mid x)}\right] = \log p(x) .$$
#
# The inequality is Jensen's, and the equality comes from section 2: each weight has mean $p(x)$, and therefore so does their average. With $k = 1$ this is the ELBO. As $k$ grows, the average inside the logarithm fluctuates less, so Jensen's inequality loses less, and
# $\mathcal{L}_k$ climbs toward $\log p(x)$ (Burda, Grosse, and Salakhutdinov 2016, the importance-weighted autoencoder).

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "The gap is a quarter of a nat. Do 50 samples close it?"
# > - **Usually answered:** "Yes, 50 is a lot."
# > - **Show:** Have one student sketch the curve on the projected axes before you run the cell. Then the remark on infinite variance, which is why more samples soon stop helping.

# %%
widgets.Prediction("elbo.samples")


# %%
def importance_weighted_bound(k, repeats=20_000):
    z = mu + sigma * np.random.default_rng(k).standard_normal((k, repeats))
    log_w = toy_model.log_joint(x_toy, z) - toy.log_normal(z, mu, sigma)
    return np.mean(np.logaddexp.reduce(log_w, axis=0) - math.log(k))


bounds = {k: importance_weighted_bound(k) for k in (1, 5, 50, 500)}
for k, bound in bounds.items():
    print(f"k = {k:3d}: bound {bound:.2f} (+- 0.01), still {log_px - bound:.2f} nats below log p(x)")

# %%
plots.bounds(bounds, log_px, "Fifty samples close most of the gap, and the next 450 close little more")

# %% [markdown]
# Fifty samples close three quarters of the gap, from 0.24 to 0.06 nats, and the next 450 only bring it down to 0.04. The reason is the left tail of the posterior, which our Gaussian hardly covers:
# far to the left $f$ is nearly flat, so the posterior falls off as slowly as the prior does. The prior has a standard deviation of 1, but that of $q$ is only 0.3. A draw from that tail has a huge weight but almost never occurs, so
# the average improves only when one happens to turn up. Our example is an extreme case: the tail of $q$ is so much lighter than that of the posterior that the weights have *infinite* variance. A $q$ with heavier tails
# than the posterior would not have this problem. (The printed ± 0.01 allows for the noise that remains after averaging 20,000 repetitions.)
#
# For the image of the 7, we compute four bounds from the same 5,000 draws from the encoder's $q$. They differ only in how many weights are averaged before we take the logarithm:

# %%
log_w = log_weights(vae50, 5000, seed=0)
for k in (1, 50, 500, 5000):
    groups = torch.logsumexp(log_w.view(-1, k), 1) - math.log(k)  # one bound per group of k draws
    print(f"k = {k:4d}: {groups.mean().item():.1f} nats")

# %% [markdown]
# In the course's package, `vqedu.metrics.log_likelihood` computes this bound for many images at once. Notebook 05 uses it with $k = 5{,}000$ to report $\log p(x)$ of a trained VAE.
#
# ## Exercises (52 minutes)
#
# Replace the starter code, run the two cells, and read the checker's answer. You can unfold its hints one at a time. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Average inside the logarithm
#
# **★★☆ · 8 minutes.** Compute the bound of section 6 for a batch of images, given one column of log-weights per image. Some of the checker's log-weights are as far below zero as those of real images.
#
# **Contract:** `my_importance_weighted_bound(log_weights)`: (k, N), one column per image → (N,): log of the mean weight, nats.


# %% tags=["starter"]
def my_importance_weighted_bound(log_weights):
    return ...  # (k, N) -> (N,)


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
# ### Exercise 3 · Bug hunt: right for one sigma only
#
# **★★☆ · 8 minutes.** A colleague estimates the KL to the prior from draws. With $\sigma = 1$ the estimate agrees with the formula. With $\sigma = 2$ it does not, and more draws do not help. Find the bug and fix it.
#
# **Contract:** `my_kl_by_sampling(z, mu, sigma)`: draws z (S, D) from N(mu, sigma^2), mu and sigma (D,) → (D,): an estimate of KL(N(mu, sigma^2) || N(0, 1)) for each of the D dimensions, nats.


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
# ### Exercise 4 · Break it: a q that reconstructs too well
#
# **★★☆ · 6 minutes.** If you judge a $q$ by its reconstruction alone, you will be fooled. For the curved model at $x = 1$, find $\mu$ and $\sigma$ such that the reconstruction term is at least 0.1 nats better than that of the best $q$, although the ELBO is at least 1.5 nats worse. The explorer of section 4 helps.
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
#     mu, sigma = 0.13, 0.02  # almost certain that z = 0.13, where f(z) is close to 1
#     return mu, sigma
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · Build it: the ELBO of a model that counts
#
# **★★★ · 30 minutes.** A detector counts events. The logarithm of the expected number of events is $1 + 2z$, where $z$ is a latent variable, and we observe a single count $x$, which can be $0, 1, 2, \dots$:
#
# $$z \sim N(0, 1), \qquad x \mid z \sim \text{Poisson}\!\left(e^{1 + 2z}\right), \qquad \log p(x \mid z) = x\, (1 + 2z) - e^{1 + 2z} - \log x! .$$
#
# What does the count tell us about $z$? Do for this model everything that this notebook did for the curved one. Compute $\log p(x)$, write the ELBO of a Gaussian $q(z \mid x) = N(\mu, \sigma^2)$, and find the $q$ with the highest ELBO. One fact saves
# you a numerical integral: under $N(\mu, \sigma^2)$ the mean of $e^{a z}$ is $e^{a \mu + a^2 \sigma^2 / 2}$.
#
# You may search in any way you like: with a table of $\mu$ and $\sigma$, with an optimizer, or by setting two derivatives to zero. The checker calls your function for four counts. Your $q$ should have an ELBO within 0.005 nats of the highest, and `elbo` and `log_px` should be correct to within 0.005 nats.
#
# **Contract:** `my_build_elbo(x)`: an observed count, a whole number from 0 to 20 → mu, sigma, elbo, log_px: the Gaussian q with the highest ELBO, that ELBO, and log p(x), nats.


# %% tags=["starter"]
def my_build_elbo(x):
    return ...  # mu, sigma, elbo, log_px


# %%
checks.build_elbo(my_build_elbo)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_build_elbo(x):
#     log_factorial = math.lgamma(x + 1)
#     z = np.arange(-8, 8, 0.001)
#     log_joint = x * (1 + 2 * z) - np.exp(1 + 2 * z) - log_factorial - 0.5 * z**2 - 0.5 * math.log(2 * math.pi)
#     log_px = math.log(np.sum(np.exp(log_joint)) * 0.001)
#
#     mu = np.arange(-3, 3, 0.01)[:, None]  # a table: mu down, sigma across
#     sigma = np.arange(0.02, 1.5, 0.01)
#     reconstruction = x * (1 + 2 * mu) - np.exp(1 + 2 * mu + 2 * sigma**2) - log_factorial
#     elbo = reconstruction - 0.5 * (mu**2 + sigma**2 - 1 - np.log(sigma**2))
#     row, column = np.unravel_index(elbo.argmax(), elbo.shape)
#     return mu[row, 0], sigma[column], elbo[row, column], log_px
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. A friend's training run reports an ELBO of −80 nats for an image, and she concludes that $\log p(x) = -80$. What can you say for certain?
#
# <details><summary>Answer</summary>
#
# $\log p(x) \ge -80$. How much larger it is depends on the KL between $q$ and the true posterior, and the ELBO alone does not tell us that.
#
# </details>
#
# ## Summary
#
# - $p(x)$ is an average over the prior, but in 50 dimensions one or two draws in 20,000 decide the estimate, and almost every run comes out far too low.
# - Drawing from $q$ and dividing by it gives $p(x) = \mathbb{E}_q[p(x, z)/q(z \mid x)]$, and Jensen's inequality turns this into $\log p(x) \ge \text{ELBO}$.
# - The gap between $\log p(x)$ and the ELBO is $\mathrm{KL}(q(z \mid x) \,\|\, p(z \mid x))$, whatever $q$ we choose.
# - $\text{ELBO} = \mathbb{E}_q[\log p(x \mid z)] - \mathrm{KL}(q(z \mid x) \,\|\, p(z))$: reconstruction minus the cost of the code.
# - With $k$ samples inside the logarithm the bound climbs toward $\log p(x)$.
#
# **Next:** [03 Reparameterization](03_reparameterization.ipynb). We searched for the best $q$ by hand. To let a gradient do it, we must differentiate an average over $q$ with respect to the parameters of $q$ itself.
