# %% [markdown]
# # 03 · Reparameterization: a path for the gradient
#
# In notebook 02 you looked for the best $q(z \mid x)$ by hand. An optimizer should be able to do that. The next two cells climb the ELBO of the same toy model with Adam, changing only $\mu$ and `logvar` $= \log \sigma^2$. They do so twice, and the two
# runs differ in a single letter: one draws $z$ with `q.sample()`, the other with `q.rsample()`. Both take ten draws per step.
# The figure shows the exact ELBO after each step, computed on a grid as in notebook 02 and not from the draws.

# %%
import math
import torch
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence
from vqedu import checks, plots, widgets
from vqedu.lessons import gradients, toy

prior, x_toy = Normal(0.0, 1.0), torch.tensor(1.0)


def climb(draw, steps=1500):
    """Raise the ELBO by gradient steps on mu and logvar; returns mu and sigma after each step."""
    mu, logvar = torch.tensor(-1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    optimizer = torch.optim.Adam([mu, logvar], lr=0.05)
    history = []
    for _ in range(steps):
        q = Normal(mu, torch.exp(logvar / 2))
        z = draw(q)
        log_px_given_z = Normal(F.softplus(4 * z), 0.5).log_prob(x_toy)  # the curved decoder of notebook 02
        loss = kl_divergence(q, prior) - log_px_given_z.mean()  # minus the ELBO
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append((mu.item(), math.exp(logvar.item() / 2)))
    return torch.tensor(history).T.numpy()


# %%
toy_model = toy.LatentModel("curved", noise=0.5)
draws = {"q.rsample()": lambda q: q.rsample((10,)), "q.sample()": lambda q: q.sample((10,))}
paths = {}
for name, draw in draws.items():
    torch.manual_seed(0)
    paths[name] = climb(draw)
plots.lines(
    {name: (range(1, 1501), toy_model.elbo(1.0, *path)) for name, path in paths.items()},
    "One letter apart: one run climbs to an ELBO of −1.8 nats, the other falls to −11.6",
    "step of Adam",
    "exact ELBO, nats",
    colors={"q.rsample()": "encoder", "q.sample()": "warning"},
)

# %% [markdown]
# Neither run raised an error, and both compute the loss with the same line of code. Why does one of them fail? The answer is the one idea that we still need before we can train a VAE.
#
# **After this notebook you can**
#
# - say why a gradient does not pass through a draw, and how $z = \mu + \sigma \varepsilon$ opens a path for it,
# - estimate the gradient of an expectation in two ways, and compare their measured variances,
# - explain why one draw per image is enough, and why networks output the logarithm of the variance,
# - fit the posterior of a model by gradient steps when all that you can compute of the model is $\log p(x, z)$.
#
# **Time:** 35 minutes, and 56 for the exercises. **Builds on:** [02 From Bayes to the ELBO](02_elbo.ipynb), the chain rule, `loss.backward()`. **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("elbo.gap-zero", "elbo.two-terms", "elbo.exact-q")

# %% [markdown]
# ## 1. The question
#
# The ELBO contains an expectation over $q$: the reconstruction $\mathbb{E}_{z \sim q}[\log p(x \mid z)]$. Let us write it as $\mathbb{E}_{z \sim N(\mu, \sigma^2)}[h(z)]$ with a general function $h$. To raise it, we need its derivative **with
# respect to $\mu$ and $\sigma$**. But neither of them appears inside $h$. They only determine the distribution from which $z$ is drawn.
#
# To be able to check every number, we take $h(z) = z^2$ with $\mu = 2$ and $\sigma = 1$. Then $\mathbb{E}[z^2] = \mu^2 + \sigma^2 = 5$, and the exact gradient is $(2\mu, 2\sigma) = (4, 2)$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "We draw z with `sample()`, square it, average, and call `backward()`. What gradient does μ receive?"
# > - **Usually answered:** "4", "about 4", or "0". In fact `backward()` raises an error.
# > - **Show:** First the error, then the dangerous case: with one more term that contains σ the error disappears, μ receives `None`, and training goes on without the reconstruction.

# %% [markdown] tags=["slide-90"]
# ## Which gradient does $\mu$ get?

# %%
widgets.Prediction("reparameterization.sample-gradient")

# %%
mu = torch.tensor(2.0, requires_grad=True)
sigma = torch.tensor(1.0, requires_grad=True)
torch.manual_seed(0)
mean_h = Normal(mu, sigma).sample((1000,)).square().mean()
print(f"mean of z^2: {mean_h.item():.1f}, requires_grad: {mean_h.requires_grad}")
try:
    mean_h.backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown]
# The mean is close to the exact value, 5, but it has no record of how it was computed. `sample` returns numbers without a history, and torch refuses to differentiate them. The error is helpful, but in a VAE we would not
# get it, because the loss has a second term: the KL is computed from $\mu$ and $\sigma$ directly. To see what happens then, it is enough to add a term $0.1\, \sigma$.

# %%
loss = mean_h + 0.1 * sigma  # a second term, which does depend on sigma
loss.backward()
print("gradient of mu:", mu.grad, "  gradient of sigma:", round(sigma.grad.item(), 3))

# %% [markdown]
# No error this time. $\mu$ receives `None`, and $\sigma$ receives only the 0.1 of the second term. No gradient of $z^2$ reaches either of them, and no message warns us.

# %%
widgets.Quiz("reparameterization.kl-alone")

# %%
print("q.sample() ends at mu and sigma =", (paths["q.sample()"][:, -1] + 1e-6).round(2))

# %% [markdown]
# ## 2. Move the randomness out of the way
#
# The trouble is that the randomness sits between the parameters and the loss. So let us draw something that does not depend on any parameter, $\varepsilon \sim N(0, 1)$, and *compute* $z$ from it:
#
# $$z = \mu + \sigma\, \varepsilon .$$
#
# A normal variable that is scaled and shifted is still normal, so $z \sim N(\mu, \sigma^2)$, exactly as before. But now $z$ is a differentiable function of $\mu$ and $\sigma$, with $\partial z / \partial \mu = 1$ and
# $\partial z / \partial \sigma = \varepsilon$, and the chain rule gives
#
# $$\frac{\partial h(z)}{\partial \mu} = h'(z), \qquad \frac{\partial h(z)}{\partial \sigma} = h'(z)\, \varepsilon .$$
#
# The distribution of $\varepsilon$ does not depend on $\mu$ or $\sigma$, so for a differentiable $h$ we may differentiate inside the average over $\varepsilon$. The mean of these derivatives over many draws is therefore the gradient that we want.
#
# This is the **reparameterization trick** (Kingma and Welling 2014). The gradient takes the *path* from the loss through $z$ to the parameters, so it is also called the pathwise gradient. In torch, `rsample` (the *r* is for
# reparameterized) draws in this way, and this is the one letter in which the two runs of the first figure differ.

# %% [markdown] tags=["slide-90"]
# ## Move the randomness out of the way
#
# $$z = \mu + \sigma\, \varepsilon, \qquad \varepsilon \sim N(0, 1)$$
#
# $$\frac{\partial h(z)}{\partial \mu} = h'(z), \qquad \frac{\partial h(z)}{\partial \sigma} = h'(z)\, \varepsilon$$
#
# The draw no longer depends on $\mu$ and $\sigma$, so the gradient has a path through $z$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "Does μ + σε have the same distribution as a z from `sample()`, or only the same mean and variance?"
# > - **Usually answered:** "Only the same mean and variance."
# > - **Show:** Write z = μ + σε on the board, and draw the arrow from the loss back to μ. The noise is an input like any other, and it needs no gradient.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · One draw with a gradient
#
# **★☆☆ · 5 minutes.** An encoder outputs `mu` and `logvar`, the logarithm of the variance. Before you read our version, write a function that draws $z$. The checker calls it with 4,000 rows and looks at the mean, the spread, the shape, and the gradients.
#
# **Contract:** `my_reparameterize(mu, logvar)`: two float tensors (N, D), logvar = log sigma^2 → (N, D), a draw from N(mu, sigma^2) with gradients to both.


# %% tags=["starter"]
def my_reparameterize(mu, logvar):
    return ...  # (N, D)


# %%
checks.reparameterize(my_reparameterize)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_reparameterize(mu, logvar):
#     eps = torch.randn_like(mu)  # one number per element; it needs no gradient
#     return mu + torch.exp(logvar / 2) * eps
# ```
#
# </details>


# %%
def reparameterize(mu, logvar, generator=None):
    eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype, device=mu.device)
    return mu + torch.exp(0.5 * logvar) * eps


# %%
eps = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
z = mu + sigma * eps
gradient = torch.autograd.grad(z.square().mean(), (mu, sigma))
print(f"gradient (mu, sigma): ({gradient[0]:.2f}, {gradient[1]:.2f}); exact: (4, 2)")

# %%
widgets.Quiz("reparameterization.uniform")

# %% [markdown]
# ## 3. The other way: the score function
#
# There is an older estimator, and it does not need the derivative of $h$ at all. The idea is to differentiate the density $q(z)$ of $N(\mu, \sigma^2)$ instead:
#
# $$\frac{\partial}{\partial \mu} \int q(z)\, h(z)\, dz = \int h(z)\, \frac{\partial q(z)}{\partial \mu}\, dz
# = \int q(z)\; h(z)\, \frac{\partial \log q(z)}{\partial \mu}\, dz ,$$
#
# because $\partial \log q = \partial q / q$. The last integral is a mean under $q$ again, which we can estimate from draws. So the mean of $h(z)\, \partial \log q(z) / \partial \mu$ over many draws is an estimate of the gradient as well.
# The factor $\partial \log q / \partial \mu$ is called the **score**. For our Gaussian it is $(z - \mu)/\sigma^2 = \varepsilon / \sigma$, which you can check by differentiating $-(z-\mu)^2 / 2\sigma^2$ and writing $\varepsilon$ for $(z - \mu)/\sigma$. The estimator
# is known as the score function estimator or REINFORCE (Williams 1992). A step along this gradient makes draws with a large $h$ more probable.
#
# We may subtract a constant $b$, a **baseline**, from $h$. The score $\varepsilon / \sigma$ has mean zero because $\varepsilon$ does, so this changes nothing on average, but it can lower the variance.
#
# Both estimators are unbiased. Does it matter which one we use?

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Both estimators are right on average. Which one would you rather have, and by what factor?"
# > - **Usually answered:** "If both are right, it does not matter."
# > - **Show:** Collect everyone's factors, then show the printed variances. The exact variances can be skipped.

# %%
widgets.Prediction("reparameterization.variance-factor")


# %%
def h(z):
    return z.square()


def variance(estimator, n, repeats=20_000):
    """Variance of the estimated d/dmu, when each estimate averages n draws."""
    eps = torch.randn(repeats * n, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return estimator(eps).view(repeats, n).mean(1).var().item()


estimators = {
    "score function": lambda eps: h(2 + eps) * eps,  # mu is 2, sigma is 1
    "score function with baseline": lambda eps: (h(2 + eps) - 5) * eps,  # b = E[h(z)] = 5
    "reparameterization": lambda eps: 2 * (2 + eps),  # h'(z) = 2z
}

# %%
many = torch.randn(2_000_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
print("                               mean   variance with 16 draws")
for name, estimator in estimators.items():
    print(f"{name:29s} {estimator(many).mean():5.2f} {variance(estimator, 16):15.2f}")
ratio = variance(estimators["score function"], 16) / variance(estimators["reparameterization"], 16)
print(f"ratio of the variances, score function / reparameterization = {ratio:.1f}")

# %% [markdown]
# All three means agree with the exact gradient, 4, to within 0.01. But with 16 draws the score function estimator has a variance of 5.40, against 0.25 for reparameterization: 22 times as much. Even with the best-known remedy, the baseline, the variance is 2.62, which is still about ten times as
# large. The reason is the information that each estimator uses: the score function uses only *how large* $h$ is at a draw, while reparameterization uses the slope of $h$, which shows *in which direction* $h$ grows.
#
# For $h(z) = z^2$ the variances can be worked out by hand: 4 for one draw with reparameterization, 87 for the score function, and 42 with the baseline (`gradients.variances_of_square` contains the calculation).
# The first is easy: the estimate is $2(2 + \varepsilon)$, so its variance is $2^2 = 4$.

# %%
exact = gradients.variances_of_square(2.0, 1.0)
with_baseline = gradients.variances_of_square(2.0, 1.0, baseline=5.0)
exact_variance = {
    "score function": exact.score_function.mu.item(),
    "score function with baseline": with_baseline.score_function.mu.item(),
    "reparameterization": exact.reparameterized.mu.item(),
}
for name, estimator in estimators.items():
    measured = variance(estimator, 1, repeats=2_000_000)
    print(f"{name:29s} variance of one draw: exact {exact_variance[name]:4.0f}, measured {measured:5.1f}")

# %%
widgets.Quiz("reparameterization.plus-hundred")

# %% [markdown]
# ## 4. What more samples buy
#
# The average of $n$ independent draws has $1/n$ of the variance of a single draw. On logarithmic axes that is a straight line with slope $-1$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 7 minutes.**
# >
# > - **Ask:** "A VAE draws one z per image and step. Why is one enough?"
# > - **Usually answered:** "Because it trains for a long time." There are two reasons: the low variance, and the minibatch, which averages over a hundred images.
# > - **Show:** The explorer, first with h = z², then with the step function. There reparameterization gets no signal at all, which prepares the ground for the VQ-VAE.

# %% [markdown] tags=["slide-180"]
# ## The score function needs many more draws

# %%
counts = [1, 4, 16, 64, 256]
curves = {name: (counts, [variance(estimator, n) for n in counts]) for name, estimator in estimators.items()}
plots.lines(
    curves,
    "The score function needs more than twenty times as many draws for the same variance",
    "draws per estimate, n",
    "variance of the estimate",
    colors=dict(zip(curves, ("warning", "#8A5F00", "encoder"))),
    xscale="log",
    yscale="log",
    marker="o",
    xlim=(0.8, 1500),
    ylim=(0.008, 400),
)

# %% [markdown]
# The three lines are parallel but start at different heights. To match *one* draw with reparameterization, the score function needs 22 draws here.
#
# **Why one draw per image is enough.** A VAE is trained with a single $z$ per image and step. One reason why this works is the low variance. The other is the minibatch: with 100 images, each with its own $\varepsilon$, the gradient is already an average over 100
# draws. Drawing ten codes per image would help less than using ten times as many images,
# because more codes average out only the noise from $\varepsilon$, while more images also average out the differences between images. Kingma and Welling found one draw to be enough "as long as the minibatch size $M$ was large enough", and used $M = 100$. As long as the optimizer's steps are small,
# the noise also averages out over successive steps.
#
# Reparameterization does not always have the lower variance. If $h$ oscillates quickly and $q$ is wide, the score function can be the less noisy of the two, as $\sin 2z$ shows in the explorer below. Reparameterization also comes with two conditions: $h$ must have a derivative, and $z$ must be continuous.

# %%
widgets.Prediction("reparameterization.step")

# %% [markdown]
# ### Try it yourself
#
# The upper row of dots is the fixed noise $\varepsilon$. Move $\mu$ and $\sigma$: the lines connect each dot to its $z$. The histograms show 300 estimates of the gradient from each estimator. Then choose the step function for $h$.

# %% [markdown] tags=["slide-90"]
# ## Two estimators of one gradient

# %%
widgets.ReparameterizationExplorer("square", mu=2.0, sigma=1.0)

# %% [markdown]
# The derivative of a step is zero wherever a draw falls, so reparameterization returns exactly 0 every time. Its variance is zero, and its answer is wrong, while the score function still works. Keep this in mind for the VQ-VAE, where
# "take the nearest code" is such a step.
#
# ## 5. Which number should the encoder output?
#
# A standard deviation must be positive, but a linear layer can output any number. Four choices are in use:
#
# | the network outputs | then | trouble |
# |---|---|---|
# | $\sigma$ | use it directly | it can come out negative, and $\sigma^2$ will not reveal it |
# | $\sigma^2$ | $\sigma = \sqrt{\sigma^2}$ | negative values give NaN, and the slope of the root is infinite at 0 |
# | $a$ | $\sigma = \log(1 + e^a)$, the **softplus** | none; for small $\sigma$ it behaves like $e^a$, for large $\sigma$ like $a$ |
# | $\log \sigma^2$, `logvar` | $\sigma = e^{\text{logvar}/2}$ | only at extreme values: the variance $e^{\text{logvar}}$ in the KL overflows above 88, $\sigma$ itself only above 177 |
#
# (The limits 88 and 177 are those of float32, whose largest number is about $e^{88.7}$.) Most VAEs use `logvar`. Besides being safe, it treats all scales alike: from $\sigma = 1$ to $0.1$ is the same distance in `logvar` as from $0.1$ to $0.01$. And the KL contains $\log \sigma^2$ anyway.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "Should the network output σ, σ², or log σ²?"
# > - **Usually answered:** "σ, because that is what we need."
# > - **Show:** The table, then the last cell: `exp(logvar)` in place of `exp(logvar / 2)` runs, trains, and is wrong.

# %%
for value in (1.0, 0.0, -0.1):
    leaf = torch.tensor(value, requires_grad=True)
    (slope,) = torch.autograd.grad(leaf.sqrt(), leaf)
    print(f"variance {value:4.1f}: sigma {leaf.sqrt().item():.1f}, slope {slope.item():.1f}")
for logvar in (-20.0, 0.0, 89.0, 178.0):
    variance_of_q, sigma_of_q = torch.exp(torch.tensor(logvar)), torch.exp(torch.tensor(logvar / 2))
    print(f"logvar {logvar:5.0f}: variance {variance_of_q.item():.1e}, sigma {sigma_of_q.item():.1e}")

# %% [markdown]
# **A common bug.** `exp(logvar)` is the variance, and `exp(logvar / 2)` is the standard deviation. Code that multiplies the noise by `exp(logvar)` runs, trains, and is wrong. The bug shows only in the spread of the draws:

# %%
generator = torch.Generator().manual_seed(0)
logvar = torch.full((100_000, 1), math.log(4.0))  # sigma^2 = 4, sigma = 2
right = reparameterize(torch.zeros(100_000, 1), logvar, generator)
wrong = torch.exp(logvar) * torch.randn(100_000, 1, generator=generator)
print(f"standard deviation wanted: 2.0; with exp(logvar / 2): {right.std():.1f}; with exp(logvar): {wrong.std():.1f}")

# %%
widgets.Quiz("reparameterization.negative-variance")

# %% [markdown]
# ## 6. Climb the ELBO of notebook 02
#
# We have now explained every line of `climb` at the top of this notebook, so let us look at where it ends up. We run it with one draw per step and with 100, and compare with the $q$ that you found by hand (or that *Find the best q* found for you).

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 5 minutes.**
# >
# > - **Ask:** "One draw per step against 100: will both reach the best q?"
# > - **Usually answered:** "Only the one with 100."
# > - **Show:** The figure. Both reach the q that a student found by hand in notebook 02; the run with a single draw per step is just noisier.

# %%
for name, n in (("1 draw per step", 1), ("100 draws per step", 100)):
    torch.manual_seed(0)
    paths[name] = climb(lambda q, n=n: q.rsample((n,)))
best = toy_model.best_gaussian(1.0)
print("                       mu   sigma     ELBO")
ends = {name: paths[name][:, -200:].mean(1) for name in ("1 draw per step", "100 draws per step")}  # of 200 steps
for name, (mu_end, sigma_end) in {"best q": best, **ends}.items():
    print(f"{name:18s} {mu_end:6.3f} {sigma_end:7.3f} {toy_model.elbo(1.0, mu_end, sigma_end):8.3f}")

# %% [markdown] tags=["slide-180"]
# ## With a path for the gradient, Adam finds $q$

# %%
mus, sigmas = torch.linspace(-1.5, 0.8, 120).numpy(), torch.linspace(0.1, 1.2, 100).numpy()
plots.climbs(
    (mus, sigmas, toy_model.elbo(1.0, mus[None, :], sigmas[:, None])),
    {name: paths[name] for name in ("1 draw per step", "100 draws per step", "q.sample()")},
    best,
    "With a path for the gradient, Adam finds the q that we searched for by hand",
    colors={"1 draw per step": "decoder", "100 draws per step": "encoder", "q.sample()": "warning"},
)

# %% [markdown]
# Both runs end near the best $q$. With one draw per step the path is noisier, but the average of its last 200 steps has an ELBO only 0.010 nats below the best; with 100 draws the ELBO equals the best to three decimals. (This is one seed of each.) The orange
# run with `q.sample()` gets a gradient from the KL only, and it moves to the prior, $\mu = 0$ and $\sigma = 1$.
#
# A VAE does the same with two changes: $\mu$ and `logvar` are not free numbers but outputs of an encoder, and the decoder is trained at the same time.
#
# ## Exercises (51 minutes)
#
# Replace the starter code, run the two cells, and read the checker's answer. You can unfold its hints one at a time. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · The score
#
# **★★☆ · 8 minutes.** Write the score function estimator for any $\sigma$. It must not differentiate $h$.
#
# **Contract:** `my_score_gradient(h, mu, sigma, eps)`: a function, two numbers, noise (n,) → (n,): for each z = mu + sigma eps the score function estimate of d/dmu E[h(z)].


# %% tags=["starter"]
def my_score_gradient(h, mu, sigma, eps):
    return ...  # z = mu + sigma * eps has shape (n,)


# %%
checks.score_gradient(my_score_gradient)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_score_gradient(h, mu, sigma, eps):
#     z = mu + sigma * eps
#     return h(z) * eps / sigma  # (z - mu) / sigma^2 = eps / sigma
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Bug hunt: the right number, and no learning
#
# **★☆☆ · 5 minutes.** The mean that this function returns is right to the last digit, and yet an optimizer that uses it moves neither $\mu$ nor $\sigma$. Find out why, and fix it.
#
# **Contract:** `my_mean_of_square(mu, sigma, eps)`: two scalars and noise (n,) → the mean of z^2 over z = mu + sigma eps, with gradients to mu and sigma.


# %% tags=["starter"]
def my_mean_of_square(mu, sigma, eps):
    z = torch.tensor([mu + sigma * e for e in eps])
    return z.square().mean() + 0 * sigma


# %%
checks.mean_of_square(my_mean_of_square)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_mean_of_square(mu, sigma, eps):
#     z = mu + sigma * eps  # torch.tensor(...) had copied the numbers without their history
#     return z.square().mean()
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Break it: a function for which reparameterization is noisy
#
# **★★☆ · 8 minutes.** A puzzle that you can leave for later if you want to get to the VAE: reparameterization does not always have the lower variance. Write a differentiable $h$ for which its variance is at least ten times that of the score function, at $\mu = 0$ and $\sigma = 1$.
#
# **Contract:** `my_noisy_path(z)`: a function h of a tensor, with a derivative, for which reparameterization is the noisier estimator.


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
#     return torch.sin(10 * z)  # a large slope everywhere, and small values
# ```
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 5 · Build it: fit the posterior of any model
#
# **★★★ · 30 minutes.** In notebook 02 you could compute the ELBO of the counting model because the mean of $e^{2z}$ has a formula. Most models have no such formula. Write a function that fits the posterior of *any* model with continuous latent variables: all it
# gets is `log_joint`, which returns $\log p(x_i, z_i)$ for draws $z_i$ and can be differentiated.
#
# There are `n` observations, each with its own latent variable and its own Gaussian $q(z_i \mid x_i) = N(\mu_i, \sigma_i^2)$. Fit all of them at once, by gradient steps computed from draws, with at most 5,000 draws per observation in the whole fit. On average over the observations, your ELBO
# should be within 0.015 nats of the best that Gaussians can reach, and for no single observation should it fall more than 0.1 nats below that optimum. The cell below contains a small model to try it on.
#
# **Contract:** `my_build_fit(log_joint, n)`: a function z (n,) or (S, n) → log p(x, z) of the same shape, and the number n of observations → mu, sigma, each (n,): means and standard deviations of the best Gaussian q.


# %% tags=["starter"]
def my_build_fit(log_joint, n):
    return ...  # mu, sigma


def example(z):  # try it: my_build_fit(example, 3) should be near (-0.54, -0.03, 0.42), (0.41, 0.28, 0.19)
    x = torch.tensor([1.0, 3.0, 7.0])
    return torch.distributions.Poisson(torch.exp(1 + 2 * z)).log_prob(x) + prior.log_prob(z)


# %%
checks.build_fit(my_build_fit)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_build_fit(log_joint, n, steps=2000):
#     mu = torch.zeros(n, requires_grad=True)
#     logvar = torch.full((n,), -2.0, requires_grad=True)  # a narrow start
#     optimizer = torch.optim.Adam([mu, logvar], lr=0.05)
#     for step in range(steps):
#         optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / steps)
#         z = mu + torch.exp(logvar / 2) * torch.randn(n)
#         loss = -(log_joint(z) + logvar / 2).sum()  # the mean of -log q(z) is logvar / 2 plus a constant
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#     return mu.detach(), torch.exp(logvar.detach() / 2)
# ```
#
# </details>

# %% [markdown]
# ### Without a checker
#
# 1. Suppose you draw one $\varepsilon$ for the whole batch instead of one per image. The gradient is still unbiased. What is lost?
#
# <details><summary>Answer</summary>
#
# All images of the batch get the same noise, so their errors no longer average out. The variance of the batch gradient then hardly falls with the batch size.
#
# </details>
#
# ## Summary
#
# - `sample()` returns numbers without a history. If nothing else in the loss has one, `backward()` raises an error; if a KL is added, there is no error, and the reconstruction silently loses its gradient.
# - Computing $z = \mu + \sigma \varepsilon$ leaves the distribution of $z$ unchanged and opens a path for the gradient: $\partial z/\partial\mu = 1$, $\partial z/\partial\sigma = \varepsilon$. In torch: `rsample`.
# - The score function needs no derivative of $h$. For $z^2$ at $\mu = 2$, $\sigma = 1$ its variance is 22 times that of reparameterization.
# - One draw per image is enough, because even a single draw estimates the gradient with low variance and the minibatch averages over many draws.
# - Encoders output `logvar`, and $\sigma = e^{\text{logvar}/2}$.
#
# **Next:** [04 The VAE](04_vae.ipynb). An encoder outputs $\mu$ and `logvar`, the function `reparameterize` of section 2 draws one $z$, and the loss is minus the ELBO.
