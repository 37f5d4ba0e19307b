# %% [markdown]
# # 03 · Reparameterization: a path for the gradient
#
# **After this notebook you can**
#
# - draw from $N(\mu, \sigma^2)$ by shifting and scaling noise, and say why that is the same as drawing from it directly,
# - estimate the gradient of a mean with respect to the parameters of its distribution in two ways,
# - say, with measured numbers, why the VAE uses the one and not the other,
# - explain why networks put out the logarithm of the variance.
#
# **Time:** 45 minutes, and 32 for the exercises. **Builds on:** [02 From Bayes to the ELBO](02_elbo.ipynb), the chain rule, `loss.backward()`. **Symbols:** [glossary and notation](10_glossary.ipynb).

# %%
import math
import torch
from torch.distributions import Normal
from vqedu import checks, plots, widgets
from vqedu.lessons import gradients

# %% [markdown]
# ## 1. The question
#
# Training a VAE raises the ELBO, and the ELBO holds a mean under $q$: $\mathbb{E}_{z \sim N(\mu, \sigma^2)}[f(z)]$, where $f(z)$ is $\log p(x \mid z)$.
# The encoder puts out $\mu$ and $\sigma$, so we need the derivative of this mean **with respect to $\mu$ and $\sigma$**. They are not inside $f$; they say where the $z$ are drawn.
#
# To see every number, take $f(z) = z^2$ with $\mu = 2$, $\sigma = 1$. Then $\mathbb{E}[z^2] = \mu^2 + \sigma^2$, and the exact gradient is $(2\mu, 2\sigma) = (4, 2)$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "We draw z, square, average, call backward. What gradient does μ receive?"
# > - **Usually answered:** "4", "about 4", or "0". Hardly anybody says `None`.
# > - **Show:** The cell with `allow_unused=True`. Then say what it means for a VAE: the encoder would never hear from the decoder, and no error would tell.

# %%
widgets.Prediction("reparameterization.sample-gradient")

# %%
mu = torch.tensor(2.0, requires_grad=True)
sigma = torch.tensor(1.0, requires_grad=True)

torch.manual_seed(0)
z = Normal(mu, sigma).sample((1000,))  # draws from N(mu, sigma^2)
mean_f = z.square().mean()
print(f"mean of z^2 close to the exact 5: {abs(mean_f.item() - 5) < 0.5}")
print("does the result remember mu?", mean_f.requires_grad)
loss = mean_f + 0.1 * sigma  # a larger loss, in which sigma also stands elsewhere
print("gradients of mu and sigma:", torch.autograd.grad(loss, (mu, sigma), allow_unused=True))

# %% [markdown]
# The result does not remember $\mu$. `sample` draws numbers that have no history. $\mu$ receives `None`, and $\sigma$ only the 0.1 of the other term: nothing of $z^2$ arrives.
# Without the other term `backward()` would raise an error; with it, the encoder never hears from the decoder, and no error tells.

# %%
widgets.Quiz("reparameterization.exact-sigma", "reparameterization.who-is-cut", "reparameterization.kl-alone")

# %% [markdown]
# ## 2. Move the randomness out of the way
#
# Take noise that does not depend on any parameter, $\varepsilon \sim N(0, 1)$, and set
#
# $$z = \mu + \sigma\, \varepsilon .$$
#
# Scaling by $\sigma$ makes the standard deviation $\sigma$, shifting by $\mu$ makes the mean $\mu$, and a shifted and scaled normal is normal. So $z \sim N(\mu, \sigma^2)$, as before.
# The next cell checks it: the share of 100,000 draws that lies below each value, against the share that should.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Is μ + σε the same distribution, or only the same mean and variance?"
# > - **Usually answered:** "Only the same mean and variance."
# > - **Show:** Write z = μ + σε on the board, draw the arrow from the loss back to μ, and let the gradient flow along it.

# %%
eps = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
z = (mu + sigma * eps).detach().sort().values
share_below = torch.arange(1, len(z) + 1) / len(z)
largest_difference = (Normal(2.0, 1.0).cdf(z) - share_below).abs().max().item()
print(f"largest difference between the two distribution functions below 0.005: {largest_difference < 0.005}")

# %% [markdown]
# The same distribution, but now $z$ is a *function* of $\mu$ and $\sigma$, and a function has derivatives: $\partial z / \partial \mu = 1$ and
# $\partial z / \partial \sigma = \varepsilon$. By the chain rule $f(z)$ passes on
#
# $$\frac{\partial f(z)}{\partial \mu} = f'(z), \qquad \frac{\partial f(z)}{\partial \sigma} = f'(z)\, \varepsilon .$$
#
# This is the **reparameterization** (Kingma and Welling 2014). In code it is the last line of this function, here with `logvar` $= \log \sigma^2$, which section 5 explains.


# %%
def reparameterize(mu, logvar, generator=None):
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    return mu + torch.exp(0.5 * logvar) * eps


# %%
mean_f = (mu + sigma * eps).square().mean()
gradient = torch.autograd.grad(mean_f, (mu, sigma))
print(f"gradient (mu, sigma) = ({gradient[0]:.1f}, {gradient[1]:.1f}); exact: (4, 2)")

# %%
widgets.Quiz("reparameterization.shift-and-scale", "reparameterization.one-draw", "reparameterization.uniform")

# %% [markdown]
# ## 3. The other way: the score function
#
# There is an older way that needs no derivative of $f$. Move the derivative onto the density $q(z)$ of $N(\mu, \sigma^2)$:
#
# $$\frac{\partial}{\partial \mu} \int q(z)\, f(z)\, dz = \int f(z)\, \frac{\partial q(z)}{\partial \mu}\, dz
# = \int q(z)\; f(z)\, \frac{\partial \log q(z)}{\partial \mu}\, dz ,$$
#
# since $\partial \log q = \partial q / q$. So the mean of $f(z)\, \partial \log q(z) / \partial \mu$ is the gradient, too. The factor $\partial \log q / \partial \mu = (z - \mu)/\sigma^2 = \varepsilon / \sigma$ is called the *score*,
# and the estimator REINFORCE (Williams 1992). It says: make draws with a large $f$ more likely.
#
# Subtracting a constant $b$ from $f$, a **baseline**, changes nothing on average, because the score $\varepsilon / \sigma$ has mean zero. It can lower the variance.
#
# For $\sigma$ the score is $\partial \log q / \partial \sigma = (\varepsilon^2 - 1)/\sigma$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Both estimators are right on average. Which one would you rather have, and by how much?"
# > - **Usually answered:** "It does not matter, if both are right."
# > - **Show:** Commit the factor, then the printed variances: 5.40 against 0.25. Skip the calculation of the exact variance.

# %%
widgets.Prediction("reparameterization.variance-factor")


# %%
def f(z):
    return z.square()


def spread(estimator, n, repeats=20_000):
    """Variance of the estimate of d/d mu, when each estimate averages n samples."""
    eps = torch.randn(repeats * n, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return estimator(eps).view(repeats, n).mean(1).var().item()


# %%
estimators = {
    "score function": lambda eps: f(2 + eps) * eps,  # sigma is 1
    "score function with baseline": lambda eps: (f(2 + eps) - 5) * eps,  # b = E[f(z)] = 5
    "reparameterization": lambda eps: 2 * (2 + eps),  # f'(z) = 2z
}
for name, estimator in estimators.items():
    print(f"{name:29s} variance of one estimate from 16 samples: {spread(estimator, 16):.2f}")

# %% [markdown]
# A check that all of them are right on average, and those for $\sigma$ as well: the exact gradient is 4 in $\mu$ and 2 in $\sigma$.

# %%
in_sigma = {
    "score function, in sigma": lambda eps: f(2 + eps) * (eps.square() - 1),
    "reparameterization, in sigma": lambda eps: 2 * (2 + eps) * eps,
}
many = torch.randn(2_000_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
for name, estimator in (estimators | in_sigma).items():
    print(f"{name:29s} mean {estimator(many).mean():.1f}")

# %% [markdown]
# For $f(z) = z^2$ the variances can be worked out by hand. One sample of the reparameterized gradient is $2z$, with variance $4 \sigma^2$. One sample of the score
# function is $z^2 \varepsilon / \sigma$; squaring and using $\mathbb{E}\,\varepsilon^2, \varepsilon^4, \varepsilon^6 = 1, 3, 15$ gives
# $\mu^4 / \sigma^2 + 14 \mu^2 + 15 \sigma^2$ (the squared mean $4\mu^2$ is already subtracted). `gradients.variances_of_square` holds the full calculation.

# %%
exact = gradients.variances_of_square(2.0, 1.0)
with_baseline = gradients.variances_of_square(2.0, 1.0, baseline=5.0)
exact_variance = {
    "score function": exact.score_function.mu.item(),
    "score function with baseline": with_baseline.score_function.mu.item(),
    "reparameterization": exact.reparameterized.mu.item(),
}
for name, estimator in estimators.items():
    measured = spread(estimator, 1, repeats=2_000_000)
    agree = abs(measured / exact_variance[name] - 1) < 0.05
    print(f"{name:29s} exact variance of one sample {exact_variance[name]:5.1f}, measured within 5%: {agree}")
ratio = exact_variance["score function"] / exact_variance["reparameterization"]
print(f"score function / reparameterization = {ratio:.1f}")

# %%
widgets.Quiz("reparameterization.score-number", "reparameterization.baseline", "reparameterization.plus-hundred")

# %% [markdown]
# ## 4. What more samples buy
#
# An average of $n$ independent samples has $1/n$ of the variance of one. On axes with logarithmic scales that is a straight line with slope $-1$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 7 minutes.**
# >
# > - **Ask:** "A VAE draws one z an image and step. Why is one enough?"
# > - **Usually answered:** "Because it trains for a long time." Because one reparameterized sample is worth more than twenty of the other kind, and a batch averages as well.
# > - **Show:** The explorer: first f = z², then the step function. The silent estimator prepares the VQ-VAE.

# %%
counts = [1, 4, 16, 64, 256]
curves = {name: (counts, [spread(estimator, n) for n in counts]) for name, estimator in estimators.items()}
curves |= {f"theory: {value:.0f} / n": (counts, [value / n for n in counts]) for value in exact_variance.values()}
colors = ["warning", "#8A5F00", "encoder", *["#555555"] * 3]
plots.lines(
    curves,
    "The score function needs many times the samples for the same certainty",
    "samples an estimate, n",
    "variance of the estimate",
    colors=dict(zip(curves, colors)),
    xscale="log",
    yscale="log",
    marker="o",
    dashed=[name for name in curves if name.startswith("theory")],
)

# %% [markdown]
# **What we saw.** All lines fall with slope $-1$, but they start at different heights. To be as certain as reparameterization with one sample, the score
# function here needs more than twenty. The VAE is trained with **one** $z$ an image and step, and the low variance makes that enough.
# Not every $f$ is so kind: for a fast wave and a wide $q$ the path can be the noisier of the two, as the explorer below shows with $\sin 2z$.
#
# The price: reparameterization needs $f$ to have a derivative, and $z$ to be continuous. If $f$ is a step, its derivative is zero nearly everywhere and the path
# carries no signal; the score function still works. Remember this for the VQ-VAE, where "take the nearest code" is such a step.
#
# ### Put your hand on it
#
# The upper row of dots is fixed noise $\varepsilon$. Move $\mu$ and $\sigma$, and the threads carry each dot to its $z$. The histograms hold 300 estimates of the gradient by each estimator.
# Try the step function: which estimator goes silent?

# %%
widgets.Prediction("reparameterization.step")

# %%
widgets.ReparameterizationExplorer("square", mu=2.0, sigma=1.0)

# %%
widgets.Quiz("reparameterization.four-times", "reparameterization.worth-one", "reparameterization.silent-variance")

# %% [markdown]
# ## 5. Which number should the encoder put out?
#
# A standard deviation must be positive, and a linear layer can put out anything. Three choices:
#
# | the network puts out | then | trouble |
# |---|---|---|
# | $\sigma$ | use it directly | negative values are no standard deviation, yet $\sigma^2$ hides the sign |
# | $\sigma^2$ | $\sigma = \sqrt{\sigma^2}$ | negative values give NaN; the slope of the root is infinite at 0 |
# | $\log \sigma^2$, `logvar` | $\sigma = e^{\text{logvar}/2}$ | only far out: `exp` overflows above 88 |
#
# The next cell shows the trouble with $\sigma^2$. A second reason: with `logvar` equal steps are equal *factors*. Going from $\sigma = 1$ to $0.1$ and from $0.1$ to $0.01$ is the same distance, $2 \log 10$ in `logvar`.
# A third: the KL's formula needs $\log \sigma^2$ anyway.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Should the network put out σ, σ² or log σ²?"
# > - **Usually answered:** "σ, that is what we need."
# > - **Show:** The table, then the last cell: `exp(logvar)` in place of `exp(logvar / 2)` runs, trains, and is wrong.

# %%
for variance in (1.0, 0.0, -0.1):
    leaf = torch.tensor(variance, requires_grad=True)
    (slope,) = torch.autograd.grad(leaf.sqrt(), leaf)
    print(f"variance {variance:4.1f}: sigma {leaf.sqrt().item():.1f}, slope {slope.item():.1f}")

# %%
for logvar in (-20.0, -2.0, 0.0, 2.0):
    leaf = torch.tensor([[logvar]], requires_grad=True)
    z = reparameterize(torch.zeros(1, 1), leaf, torch.Generator().manual_seed(0))
    (slope,) = torch.autograd.grad(z.sum(), leaf)
    print(f"logvar {leaf.item():5.0f}: sigma {math.exp(leaf.item() / 2):8.5f}, slope dz/dlogvar {slope.item():.5f}")

# %% [markdown]
# Every $\sigma$ is positive and every slope finite: it is $\sigma \varepsilon / 2$, with $\varepsilon = 1.54$ in all four rows.
#
# **The mistake to avoid.** `exp(logvar)` is the variance, `exp(logvar / 2)` the standard deviation. Code that multiplies noise by `exp(logvar)` runs, trains, and is wrong. How would you notice?

# %%
generator = torch.Generator().manual_seed(0)
logvar = torch.full((100_000, 1), math.log(4.0))  # sigma^2 = 4, sigma = 2
right = reparameterize(torch.zeros(100_000, 1), logvar, generator)
wrong = torch.exp(logvar) * torch.randn(100_000, 1, generator=generator)
print(f"standard deviation asked for: 2.0; right: {right.std():.1f}; wrong: {wrong.std():.1f}")

# %%
widgets.Quiz("reparameterization.equal-steps", "reparameterization.zero-output", "reparameterization.negative-variance")

# %% [markdown]
# ## Exercises (32 minutes)
#
# Replace the starter, run the two cells and read the card; its hints unfold one by one. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · One draw with a gradient
#
# **★☆☆ · 6 minutes.** The one line of this notebook, from memory. The checker draws 4,000 times and looks at mean, spread, shape and gradients.
#
# **Contract:** `my_reparameterize(mu, logvar)`: two float tensors (N, D), logvar = log sigma^2 → (N, D), a draw from N(mu, sigma^2) with gradients to both.


# %% tags=["starter"]
def my_reparameterize(mu, logvar):
    sigma = torch.exp(logvar / 2)
    return Normal(mu, sigma).sample()


# %%
checks.reparameterize(my_reparameterize)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_reparameterize(mu, logvar):
#     eps = torch.randn_like(mu)  # one number an element; no gradient
#     return mu + torch.exp(logvar / 2) * eps
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · The path
#
# **★☆☆ · 5 minutes.** The chain rule for $f(\mu + \sigma\varepsilon)$, once for $\mu$ and once for $\sigma$. `slope` is the function $f'$.
#
# **Contract:** `my_path_gradient(slope, mu, sigma, eps)`: the function f', two numbers, noise (n,) → two (n,): the reparameterized estimates of d/dmu and d/dsigma of E[f(z)].


# %% tags=["starter"]
def my_path_gradient(slope, mu, sigma, eps):
    z = mu + sigma * eps
    return slope(z), slope(z)


# %%
checks.path_gradient(my_path_gradient)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_path_gradient(slope, mu, sigma, eps):
#     z = mu + sigma * eps
#     return slope(z), slope(z) * eps
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · The score
#
# **★★☆ · 8 minutes.** The other estimator, for any $\sigma$. It must not differentiate $f$.
#
# **Contract:** `my_score_gradient(f, mu, sigma, eps)`: a function, two numbers, noise (n,) → (n,): for each z = mu + sigma eps the score function estimate of d/dmu E[f(z)].


# %% tags=["starter"]
def my_score_gradient(f, mu, sigma, eps):
    z = mu + sigma * eps
    return f(z) * eps


# %%
checks.score_gradient(my_score_gradient)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_score_gradient(f, mu, sigma, eps):
#     z = mu + sigma * eps
#     return f(z) * eps / sigma  # (z - mu) / sigma^2 = eps / sigma
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Bug hunt: the right number, and no learning
#
# **★☆☆ · 5 minutes.** This mean is right to the last digit. An optimizer that used it would move nothing but the small extra term. Find out where the gradient gets lost.
#
# **Contract:** `my_mean_of_square(mu, sigma, eps)`: two scalars and noise (n,) → the mean of z^2 over z = mu + sigma eps, with gradients to mu and sigma.


# %% tags=["starter"]
def my_mean_of_square(mu, sigma, eps):
    z = torch.tensor([(mu + sigma * e).item() for e in eps])
    return z.square().mean() + 0 * sigma


# %%
checks.mean_of_square(my_mean_of_square)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_mean_of_square(mu, sigma, eps):
#     z = mu + sigma * eps  # .item() had made plain numbers of it
#     return z.square().mean()
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · Break it: an f for which the path is noisy
#
# **★★☆ · 8 minutes.** Reparameterization is not always the quieter way. Write an $f$, with a derivative, for which its variance is at least ten times that of the score function, at $\mu = 0$ and $\sigma = 1$.
#
# **Contract:** `my_noisy_path(z)`: a function f of a tensor, with a derivative, for which reparameterization is the noisier way.


# %% tags=["starter"]
def my_noisy_path(z):
    return z.square()


# %%
checks.noisy_path(my_noisy_path)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_noisy_path(z):
#     return torch.sin(10 * z)  # a large slope everywhere, a small height
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. Set $\mu = 0$ in sections 3 and 4 by hand (`2 + eps` becomes `0 + eps`, `variances_of_square(2.0, 1.0)` becomes `(0.0, 1.0)`, the baseline 5 becomes 1; the 2 of $f' = 2z$ stays). Does reparameterization still win? By what factor?
#
# <details><summary>Answer</summary>
#
# At $\mu = 0$, $\sigma = 1$ one sample of the score function has variance 15, with the baseline $b = 1$ it is 10, and reparameterization has 4. It still wins, by a factor of 3.75, or 2.5 against the baseline.
#
# </details>
#
# 2. Draw one $\varepsilon$ for the whole batch instead of one an image (`torch.randn(1)`). The mean of the gradient is still right. What is lost?
#
# <details><summary>Answer</summary>
#
# All images of the batch get the same noise, so their errors no longer average out. The variance of the batch gradient does not fall with the batch size as it should.
#
# </details>
#
# ## Summary
#
# - `sample()` cuts the gradient: its draws are numbers without a history.
# - $z = \mu + \sigma \varepsilon$ has the same distribution and a derivative: 1 for $\mu$, $\varepsilon$ for $\sigma$.
# - Both estimators are right on average. For $z^2$ at $\mu = 2, \sigma = 1$ the score function's variance is more than twenty times larger.
# - Networks put out $\log \sigma^2$; $\sigma = e^{\text{logvar}/2}$.
#
# ## Three questions to answer from memory
#
# Say your answer before you read the choices.

# %%
widgets.Quiz("reparameterization.random-part", "reparameterization.when-score", "reparameterization.logvar")

# %% [markdown]
# **Next:** [04 The VAE](04_vae.ipynb): the encoder puts out $\mu$ and `logvar`, one $z$ is drawn by this line, and the ELBO is the loss.
