# %% [markdown]
# # 05 · Inside the VAE
#
# Here are two VAEs with the same architecture. Each of them takes an image, computes $q(z \mid x)$, draws one code from it, and then draws an image from that code. The second was trained with one small change, which section 4 explains. By the usual standard the first one is better: its loss, which is minus the ELBO, is 25.55 nats per image, while that of the second is 27.75.

# %%
import torch
from torch.nn import functional as F
from vqedu import checks, data, losses, metrics, models, plots, pretrained, training, widgets
from vqedu.losses import effective_beta

torch.set_grad_enabled(False)  # the cells that train a model switch gradients back on
images = data.load("mnist")
x_test, y_test = images.test


def shrink(x):  # (N, 1, 28, 28) -> (N, 14, 14), black and white
    return (F.avg_pool2d(x, 2) > 0.5).float().squeeze(1)


small, small_test = shrink(images.train.x), shrink(x_test)
causal = {name: pretrained.load(f"causal-vae{name}") for name in ("", "-free-bits", "-dropout")}

# %%
generator = torch.Generator().manual_seed(0)
ten = torch.stack([small_test[y_test == digit][0] for digit in range(10)])


def redrawn(model, x):
    return model.sample(models.reparameterize(*model.encode(x), generator), generator).numpy()


rows = {"$x$": ten.numpy(), "first VAE": redrawn(causal[""], ten), "second VAE": redrawn(causal["-dropout"], ten)}
plots.image_grid(rows, "The first VAE draws any digit it likes; the second draws what it was shown")

# %% [markdown]
# The first VAE draws plausible digits, but not the digits that its encoder was shown. Its code carries no information about the image, and yet its loss is the lower of the two. This is **posterior collapse**, the best-known failure of VAEs, and it is hard to notice because the loss looks fine.
#
# So in this notebook we open a trained VAE and ask what its two loss terms really do, when a code is used and when it is ignored, what the latent dimensions mean, and how good the model is in the end.
#
# **After this notebook you can**
#
# - read off how many nats per image the code costs and how many nats of distortion they save,
# - find out which $\beta$ a piece of VAE code really uses, and say what $\beta$ has to do with the variance of the decoder,
# - recognize posterior collapse, tell its three causes apart, and remedy it,
# - say what a traversal of a latent dimension shows, and what it does not,
# - estimate $\log p(x)$ on a test set, and compare it with a published number without fooling yourself.
#
# **Time:** 60 minutes, and 45 for the exercises. **Builds on:** [04 The VAE](04_vae.ipynb). **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("inside_the_vae.without-noise", "inside_the_vae.same-for-all", "inside_the_vae.neighbors")

# %% [markdown]
# ## 1. What a nat buys: rate and distortion
#
# The VAE's loss has two terms, and it helps to know what they are called in data compression. The KL, averaged over the images, is the **rate**: the number of nats that the code costs. (As the second question above shows, the information in the code can be less than that, but never more.) The reconstruction term is the **distortion**: how many nats the image still costs once the code is known. A code with a higher rate can describe the image better, so the two trade off against each other.
#
# A **β-VAE** (Higgins and others 2017) puts a weight on the rate and minimizes distortion + $\beta$ · rate. With $\beta > 1$ the code has to get by with fewer nats, with $\beta < 1$ it may use more, and $\beta = 1$ gives minus the ELBO. To see the whole trade-off, we train the same small network with six values of $\beta$, for a few seconds each, and plot one point per value (Alemi and others 2018).

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Which saves more distortion, the first nat of rate or the twentieth?"
# > - **Usually answered:** "The same, because a nat is a nat."
# > - **Show:** Let them sketch the curve before you run the cell. Then ask where on the curve the sum of the two is smallest, and why it is at β = 1.

# %%
widgets.Prediction("inside_the_vae.rate-distortion")


# %%
def small_vae(beta):
    torch.manual_seed(0)
    model = models.VAE(10, hidden=(200,))
    with torch.enable_grad():
        training.fit(model, images.train.x[:20_000], epochs=2, loss=lambda x: model.loss(x, beta), background=True)
    return model


trained = {beta: small_vae(beta) for beta in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)}

# %% tags=["nbval-ignore-output"]
points = {}
for beta, model in trained.items():
    terms = model.loss(x_test)
    rate, distortion = points[beta] = (terms.kl.item(), terms.reconstruction.item())
    print(
        f"beta {beta:4.1f}: rate {rate:4.1f} + distortion {distortion:5.1f} = {rate + distortion:5.1f} nats per image"
    )

# %% [markdown] tags=["slide-180"]
# ## The first nats of rate save the most

# %%
plots.lines(
    {"one small VAE for each beta": tuple(zip(*points.values()))},
    "The first nats of rate save the most: the curve is steep, then flat",
    "rate: KL, nats per image",
    "distortion: reconstruction term, nats per image",
    colors={"one small VAE for each beta": "decoder"},
    marker="o",
    notes={f"$\\beta$ = {beta:g}": point for beta, point in points.items()},
    xlim=(-2, 58),
)

# %% [markdown]
# If the networks were trained to convergence, the slope of this curve at each point would be $-\beta$: one more nat of rate would save exactly $\beta$ nats of distortion, because otherwise the network could lower its loss by moving along the curve. At $\beta = 1$ one nat of rate saves one nat of distortion, so the sum of the two, which is minus the ELBO, is smallest there: about 141 nats per image in the table above.
#
# Now look at the left end. At $\beta = 30$ the rate is 0.0 nats. Is there anything left in the code?

# %%
mean_image = images.train.x.mean(0, keepdim=True).clamp(0.001, 0.999)
nothing = losses.reconstruction(torch.logit(mean_image).expand_as(x_test), x_test).mean()
print(f"distortion of a decoder that always outputs the mean image: {nothing:.1f} nats per image")

rows = {"$x$": x_test[:8].numpy()}
for beta in (0.1, 1.0, 10.0, 30.0):
    mu, _ = trained[beta].encode(x_test[:8])
    rows[f"$\\hat x$, $\\beta$ = {beta:g}"] = torch.sigmoid(trained[beta].decode(mu)).numpy()
plots.image_grid(rows, "At beta = 30 every image gets the same reconstruction: the mean image")

# %% [markdown]
# Nothing is left. The distortion is about 206 nats, the same as for a decoder that always outputs the mean image. Without a code, this decoder can do no better, and indeed the last row of the figure shows the mean image for every $x$. The encoder outputs $q(z \mid x) \approx N(0, I)$ for every $x$, which makes the KL nearly 0 and the code pure noise. That is a complete posterior collapse, and at $\beta = 30$ it is simply what the loss asks for: the first nat of rate would save fewer than 30 nats of distortion.
#
# Collapse of this kind is easy to understand, and easy to remedy with a smaller $\beta$. That leaves a practical question: do you know your $\beta$?

# %%
widgets.Quiz("inside_the_vae.price-of-a-nat")

# %% [markdown]
# ## 2. What is my β really?
#
# ### β and the variance of the decoder are one knob
#
# Many VAEs use a squared error, which means that their decoder is Gaussian: $p(x \mid z) = N(\hat x, s^2 I)$. Its reconstruction term, for an image of $n$ pixels, is
#
# $$-\log p(x \mid z) = \frac{1}{2 s^2} \sum_i (x_i - \hat x_i)^2 + \frac n2 \log (2 \pi s^2) .$$
#
# Suppose that $s^2$ is a fixed number. Then the last term is a constant, and we may multiply the whole loss by $s^2$ without moving its minimum:
#
# $$s^2 \cdot (-\mathrm{ELBO}) = \frac12 \sum_i (x_i - \hat x_i)^2 + s^2 \, \mathrm{KL} + \text{constant} .$$
#
# This is the loss of a β-VAE with $\beta = s^2$. So ½ squared error + $\beta$ KL *is* minus an ELBO, up to scale and a constant: the ELBO of a decoder whose variance is $\beta$. Choosing $\beta$ and choosing the variance are the same choice, and $\beta = 1$ is not a neutral one: it claims that the decoder is off by about $\pm 1$ at every pixel, although pixels lie between 0 and 1.

# %%
vae50 = pretrained.load("vae-50d")
torch.manual_seed(0)
error = (torch.sigmoid(vae50(x_test).logits) - x_test).square().mean()
print(
    f"squared error per pixel of the 50-dimensional VAE: {error:.4f}, so its pixels are off by about {error.sqrt():.2f}"
)

# %% [markdown]
# For pixels that are off by 0.09, the variance that fits is about 0.008, which is the mean squared error itself. A squared-error loss with $\beta = 1$ weighs the KL more than a hundred times as heavily as the ELBO of a decoder with this variance does. If instead you use the first formula as the reconstruction term and learn $s^2$ together with the network, training finds this value by itself, because for given errors the formula is smallest where $s^2$ equals the mean squared error. Such a loss is minus an ELBO, with $\beta = 1$, and nothing needs to be tuned (Rybkin and others 2021).
#
# The Bernoulli decoder of notebook 04 has no variance to choose, so this reading is not available there: with $\beta \ne 1$ its loss is no longer minus an ELBO.
#
# ### Sums, means, and public code
#
# There is a second knob, and it is hidden in the program. `mse_loss` averages over pixels *and* batch by default, and the KL is sometimes summed over the latent dimensions and sometimes averaged. If the program computes $a \cdot R$ as its reconstruction term and $b \cdot \mathrm{KL}$ as its KL term, where $R$ and $\mathrm{KL}$ are the terms of the ELBO, then the loss is
#
# $$a R + \beta\, b\, \mathrm{KL} = a \left( R + \frac{\beta\, b}{a}\, \mathrm{KL} \right), \qquad \beta_{\text{eff}} = \frac{\beta\, b}{a} .$$

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "This code says β = 0.1. Does the KL count more or less than in the ELBO?"
# > - **Usually answered:** "Less, a tenth." It counts nearly eight times as much.
# > - **Show:** The calculator, with code that someone in the room brought along. If time is short, skip the two cells with the gradients.

# %%
widgets.Prediction("inside_the_vae.real-beta")

# %%
public_recipes = {
    "squared error averaged over 784 pixels, KL averaged over 5 dimensions, beta 0.1": dict(
        beta=0.1, likelihood="gaussian", reconstruction="element", kl="element", pixels=784, latents=5, half=False
    ),
    "Bernoulli loss averaged over 32x32 pixels, times 500": dict(reconstruction="element", pixels=1024, weight=500),
    "summed squared error without the 1/2": dict(likelihood="gaussian", half=False),
}
for name, recipe in public_recipes.items():
    print(f"{name}: effective beta {effective_beta(**recipe):.3g}")

# %% [markdown]
# All three come from publicly shared code. The first one says 0.1, but its effective $\beta$ is 7.84 when we compare it with a Gaussian decoder of variance 1: there $b = 1/5$, and $a = 2/784$, because a squared error without the factor ½ is $2R$. In the other two $b = 1$, with $a = 500/1024$ in the second and $a = 2$ in the third.
#
# You need not take the formula on trust, because gradients let us measure the effective $\beta$. The trick is to differentiate the loss with respect to two tensors, each of which affects only one of the two terms. The first is `out`, the output of the decoder, which only the reconstruction depends on. The second is $\mu$, called `m` below: if we treat `out` as an independent input, only the KL depends on `m`. So a loss $c\,(R + \beta\,\mathrm{KL})$ has the gradient $c\,\nabla R$ with respect to `out` and $c\,\beta\,\nabla \mathrm{KL}$ with respect to `m`. We divide the length of the second gradient by that of the first, and $c$ cancels. What remains is $\beta$ times the same ratio for the ELBO, so dividing the ratio for the loss in question by the ratio for minus the ELBO gives the effective $\beta$.

# %%
torch.set_grad_enabled(True)
generator = torch.Generator().manual_seed(0)
out = torch.rand(8, 1024, generator=generator).requires_grad_()  # what the decoder outputs, for 32 x 32 pixels
m = torch.randn(8, 5, generator=generator).requires_grad_()  # mu of five dimensions; with sigma = 1, KL = mu^2 / 2
target = torch.rand(8, 1024, generator=generator)
kl = (0.5 * m.square()).sum(1).mean()  # the KL term of the ELBO


def ratio(loss):
    to_out, to_m = torch.autograd.grad(loss, (out, m), retain_graph=True)
    return to_m.norm() / to_out.norm()


def measured_beta(code, reconstruction):
    return ratio(code) / ratio(reconstruction + kl)


# %%
x_hat, x = out[:, :784], target[:, :784]  # 28 x 28 pixels
gaussian = (0.5 * (x_hat - x).square()).sum(1).mean()
bernoulli = F.binary_cross_entropy_with_logits(out, target, reduction="none").sum(1).mean()
first = measured_beta(F.mse_loss(x_hat, x) + 0.1 * (0.5 * m.square()).mean(), gaussian)
second = measured_beta(500 * F.binary_cross_entropy_with_logits(out, target) + kl, bernoulli)
third = measured_beta((x_hat - x).square().sum(1).mean() + kl, gaussian)
torch.set_grad_enabled(False)
print(f"measured: {first:.2f}, {second:.2f}, {third:.2f}")

# %% [markdown]
# The measured values, 7.84, 2.05, and 0.50, agree with the formula. Now try it with your own code: select how its loss is computed, and read off its effective $\beta$.

# %% [markdown] tags=["slide-180"]
# ## This code says $\beta = 0.1$. What is it?

# %%
widgets.BetaCalculator()

# %%
widgets.Quiz("inside_the_vae.larger-images")

# %% [markdown]
# ## 3. Collapse by accident, and how to prevent it
#
# At $\beta = 30$ the loss asks for a collapse. But VAEs also collapse at $\beta = 1$, where a model that uses its code would have a lower loss. How can that happen?
#
# Think of the first few hundred steps. The decoder cannot do anything useful with $z$ yet, so the code saves no distortion, while the KL already costs nats. The quickest way to lower the loss is to move $q(z \mid x)$ to the prior. Then $z$ is pure noise, the decoder learns to ignore it, and from then on neither network has a reason to change: the encoder gets no gradient from a decoder that ignores $z$, and the decoder gains nothing from a $z$ that is noise.
#
# The weaker the signal from $z$ is, the more likely this becomes. The VAE below has an ordinary encoder, 8 latent dimensions, and a decoder of 12 hidden layers without normalization, in which the signal from $z$ fades on its way to the output. We train it with $\beta = 1$ and compare plain training with two classical remedies:
#
# - **KL annealing** starts with $\beta = 0$ and raises it slowly, here over 300 steps, so that the decoder learns to use the code before the code costs anything (Bowman and others 2016).
# - **Free bits** gives each latent dimension some nats for free, here half a nat. Below that floor the KL has no gradient, so nothing pushes the dimension any closer to the prior (Kingma and others 2016).
#
# Each of them takes one line of code. The second one expects a `kl_per_dimension` that has already been averaged over the batch:

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "What is the cheapest way to have no KL at all?"
# > - **Usually answered:** "Make the variance small." That is expensive: the KL is 0 only at μ = 0 and σ = 1, for every image.
# > - **Show:** The collapse lab, live: *Start* without a remedy and watch the bars vanish; then *Reset*, choose annealing, *Start*. If someone asks whether more steps help: with this seed the plain run is still at 0.0 after 600.


# %%
def annealed(beta, step, steps):
    return beta * min(1.0, step / steps)


def free_bits(kl_per_dimension, floor):
    return kl_per_dimension.clamp(min=floor).sum()  # (D,) -> one number, nats per image


# %%
labs = {remedy: widgets.CollapseLab(images, remedy=remedy, seed=1) for remedy in ("none", "KL annealing", "free bits")}
for lab in labs.values():
    lab.train(400)

# %% tags=["nbval-ignore-output"]
for remedy, lab in labs.items():
    mu, logvar = lab.model.encode(x_test)
    z = models.reparameterize(mu, logvar, torch.Generator().manual_seed(0))
    terms = losses.elbo(lab.model.decode(z), x_test, mu, logvar)
    active = metrics.active_units(mu)
    print(f"{remedy:12s} {active} of 8 dimensions active, KL {terms.kl:4.1f}, loss {terms.total:5.1f} nats per image")

# %% [markdown] tags=["slide-180"]
# ## Without help, it collapses at $\beta = 1$

# %%
rows = {"$x$": x_test[:8].numpy()}
for remedy, lab in labs.items():
    mu, _ = lab.model.encode(x_test[:8])
    rows[f"{remedy}: $\\hat x$"] = torch.sigmoid(lab.model.decode(mu)).numpy()
plots.image_grid(rows, "At beta = 1, the model collapses without a remedy; with one, digits begin to appear")

# %% [markdown]
# All three runs start from the same weights of the same network, and from step 300 on the first two minimize the very same loss. Without a remedy the KL is 0.0 and the loss is about 206 nats, which is that of the mean image. With annealing the model has begun to use one or two dimensions, and free bits keeps all eight of them active. Either remedy lowers the loss by more than 20 nats, so a better optimum does exist, and plain training fails to find it.
#
# These are the results of 400 steps with one seed, and the images are still poor, because such a deep network is hard to train at all. The tests of this course repeat the experiment with two more seeds and find the same after 400 steps, although with one of them the plain run has escaped the collapse by step 600. In the lab you can try it yourself: press **Start**, watch the bars, and move $\beta$ while it trains. To try a remedy, choose it, press **Reset**, and then **Start**. The reset is needed because annealing has to begin with the training; switching it on later does not revive a model that has already collapsed.

# %%
labs["none"]

# %%
widgets.Quiz("inside_the_vae.same-loss")

# %% [markdown]
# ## 4. A decoder that does not need the code
#
# So far a collapse came from too large a weight or from a bad start. The third cause is the one that the field worries about most, because it needs neither of these: a good decoder is enough.
#
# The decoder of notebook 04 draws each pixel independently of the others, given $z$, so whatever two pixels have in common has to come from $z$. An **autoregressive** decoder drops this restriction: it draws one pixel after another, and each one depends on $z$ *and* on all the pixels before it:
#
# $$p(x \mid z) = \prod_i p(x_i \mid x_1, \dots, x_{i-1}, z) .$$
#
# Language models work this way, and so will the prior of notebook 08. Our decoder is a small one, for images of 14 × 14 pixels in black and white. A recurrent network (a GRU), whose initial state is computed from $z$, reads the rows above, and a masked layer reads the pixels to the left. During training all pixels of $x$ are known, so all 196 factors are computed at once (**teacher forcing**). In the code the model is called `CausalVAE`, because no pixel depends on a later one.
#
# We train it with $\beta = 1$ and a correct loss, and compare it with an ordinary decoder that is trained on the same images.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "We give the decoder more power. Will the code carry more or less?"
# > - **Usually answered:** "More, because the decoder can make better use of it."
# > - **Show:** The curve of the KL during training, then the table, then go back to the first figure of the notebook. The last column, the code of another image, is the measurement to remember.

# %%
widgets.Prediction("inside_the_vae.stronger-decoder")


# %%
def pixel_losses(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum((1, 2)).mean()


class Ordinary(torch.nn.Module):  # the VAE of notebook 04, for images of 14 x 14 pixels
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = models.mlp(196, 200, 16), models.mlp(8, 200, 196)

    def loss(self, x):
        mu, logvar = self.encoder(x.flatten(1)).chunk(2, 1)
        logits = self.decoder(models.reparameterize(mu, logvar)).view_as(x)
        kl = losses.kl_to_standard_normal(mu, logvar).mean()
        return losses.ELBOLoss(pixel_losses(logits, x) + kl, pixel_losses(logits, x), kl)


# %%
def kl_while_training(build, **options):
    torch.manual_seed(0)
    history = training.fit(build(**options), small[:32_000], epochs=1, learning_rate=3e-3, background=True)
    return history.steps, history.terms["kl"]


curves = {
    "ordinary decoder": kl_while_training(Ordinary),
    "autoregressive, free bits": kl_while_training(models.CausalVAE, hidden=64, floor=0.5),
    "autoregressive": kl_while_training(models.CausalVAE, hidden=64),
}
plots.lines(
    curves,
    "An ordinary decoder uses its code; an autoregressive one soon does without it",
    "training step",
    "KL, nats per image",
    colors={"ordinary decoder": "decoder", "autoregressive, free bits": "encoder", "autoregressive": "prior"},
)

# %% [markdown]
# With the ordinary decoder the KL settles at about 6 nats per image. With the autoregressive one it rises for a moment and then falls to almost 0, unless some nats are free. These runs had only 250 steps, so the course also ships three models of this kind, with a somewhat wider decoder, that were trained for ten epochs. Let's measure them on all test images: the reconstruction term, the KL, their sum, and one more number that shows whether the decoder uses the code at all. To get it, we give each image the code of *another* image, the next one in the test set, and compute the reconstruction term again.


# %%
torch.manual_seed(0)
print("nats per image   reconstruction     KL    sum   reconstruction with another image's code")
for name, model in zip(("plain", "free bits", "hidden pixels"), causal.values()):
    logits, mu, logvar, z = model(small_test)
    own, kl = pixel_losses(logits, small_test), losses.kl_to_standard_normal(mu, logvar).mean()
    other = pixel_losses(model.decode(z.roll(1, 0), small_test), small_test)  # each image gets the code of the next one
    print(f"{name:14s} {own:16.2f} {kl:6.2f} {own + kl:6.2f} {other:11.2f}")

# %% [markdown]
# **Plain.** The KL is 0.02 nats, and with the code of another image the reconstruction term is just as low (25.56 against 25.54). This model has the best sum of the three. From the point of view of the ELBO, nothing is wrong with it.
#
# Why does this happen? A nat of code costs one nat, and it saves only what the decoder could not have predicted from the pixels it has already seen. From the pixels above and to the left it can predict most pixels well: with hardly any code, all 196 of them together cost only 25.5 nats, or 0.13 nats per pixel. So little is left for a code to save. If the decoder could model $p(x)$ perfectly, nothing at all would be left, and $q(z \mid x) = p(z)$ would be the optimum (Chen and others 2017). Here the optimization makes matters worse: the decoder can use the pixels from the first step on, while a useful code has yet to be learned.
#
# **Free bits.** With half a nat free for each of the 8 dimensions the model keeps 4.4 nats, and the decoder uses them: the code of another image makes the reconstruction 15 nats worse. The sum is 0.3 nats higher than that of the plain model, which is what it costs to have a code.
#
# **Hidden pixels.** Here half of the pixels were hidden from the decoder during training, but not from the loss (*word dropout* in Bowman and others 2016). A decoder that sees less needs the code more. Chen and others (2017) restrict the decoder to a small neighborhood of each pixel for the same reason. Of the three models, this one spends the most nats on its code, 8.6, and it also has the highest sum, 27.75. This is the second VAE of the first figure.
#
# So with a strong decoder you have to *decide* how much information the code should carry, because the ELBO will not do it for you. This is one of the reasons why discrete codes were invented. A VQ-VAE chooses one of $K$ codes for each position of a small map. It is trained as if all of them were equally likely, and its $q(z \mid x)$ puts all its probability on a single one, so its KL is the constant $\log K$ per position, and no gradient can turn it down (van den Oord and others 2017). In the [next notebook](06_vector_quantization.ipynb) we begin to build one.

# %%
widgets.Quiz("inside_the_vae.which-model")

# %% [markdown]
# ## 5. What do the latent dimensions mean?
#
# If a model uses its code, you would like to know what for. The usual tool is a **traversal**: take the code of one image, change a single latent dimension step by step, and decode. Let's do this with the 50-dimensional VAE, for the four dimensions that carry the most nats.

# %%
mu, logvar = vae50.encode(x_test)
order = losses.kl_per_dimension(mu, logvar).argsort(descending=True)
nats = losses.kl_per_dimension(mu, logvar)[order]
print(f"active: {metrics.active_units(mu)} of 50; the first four carry {', '.join(f'{n:.1f}' for n in nats[:4])} nats")

steps = torch.linspace(-2.5, 2.5, 9)
start = mu[y_test == 7][0]


def traversal(direction):  # the code of one 7, with its component along the direction replaced by each of the steps
    z = start + (steps - start @ direction)[:, None] * direction
    return torch.sigmoid(vae50.decode(z)).numpy()


rows = {f"$z_{{{d + 1}}}$": traversal(torch.eye(50)[d]) for d in order[:4].tolist()}
plots.image_grid(rows, "One latent dimension changes several things at once", columns=[f"{s:.1f}" for s in steps])

# %% [markdown]
# In each row the image changes smoothly, and you can almost put a name to the change. But look closely. The first row changes the slant and the length of the bar together, and at its right end the 7 has become a 1. The second row turns the lower half of the 7 into that of another digit. None of these dimensions is purely "the slant" or "the width". A representation in which each dimension controls one factor of variation is called **disentangled**. Higgins and others (2017) proposed the β-VAE for exactly this purpose: with $\beta > 1$ the code becomes so expensive that, on images with a few independent factors, single dimensions often line up with single factors.
#
# How far can you trust that? Take a rotation $R$. It leaves the prior $N(0, I)$ as it is. So if we replace the decoder $f(z)$ by $f(Rz)$, the model generates exactly the same images with the same probabilities, although its latent axes are different. Here are traversals along four randomly rotated axes of the space that the same four dimensions span.


# %%
def random_rotation(dimensions):
    torch.manual_seed(0)
    return torch.linalg.qr(torch.randn(dimensions, dimensions)).Q  # its rows are orthogonal directions


directions = torch.zeros(4, 50)
directions[:, order[:4]] = random_rotation(4)
rows = {f"rotated {i + 1}": traversal(direction) for i, direction in enumerate(directions)}
plots.image_grid(rows, "Rotated axes give traversals of the same kind", columns=[f"{s:.1f}" for s in steps])

# %% [markdown]
# If you had been shown these rows alone, you would have found names for some of them too: the first one looks like the slant. What distinguishes the learned axes is not $p(x)$ but $q(z \mid x)$, which treats the dimensions as independent. In rotated coordinates the same posterior has correlated components, and a $q$ with independent dimensions fits it less well. We can compute by how much: the KL from the best such $q$ to the rotated posterior, averaged over the images. Let $\Lambda$ be the inverse of the rotated posterior's covariance matrix, called its **precision matrix**. The best $q$ gives dimension $d$ the variance $1 / \Lambda_{dd}$, and its KL is $\frac12 \left( \sum_d \log \Lambda_{dd} - \log \det \Lambda \right)$; a rotation does not change the determinant, so $-\log \det \Lambda$ is the sum of `logvar`.

# %%
for count in (4, metrics.active_units(mu)):
    rotation, logvars = random_rotation(count), logvar[:1000, order[:count]]
    precision = (rotation / logvars.exp()[:, None]) @ rotation.T  # of the rotated posterior: (1000, count, count)
    lost = 0.5 * (precision.diagonal(dim1=1, dim2=2).log().sum(1) + logvars.sum(1)).mean()
    print(f"a random rotation of {count} dimensions costs q(z|x) {lost:.1f} nats per image")

# %% [markdown]
# So the axes of a VAE are not arbitrary. What holds them in place is that $q$ treats the dimensions as independent (Rolínek and others 2019). It holds them firmly where the dimensions differ a lot in precision (rotating all 25 costs 13.6 nats), but only loosely among four that carry nearly the same number of nats (rotating these costs 0.3 nats). Whether they mean something to us is a different matter. Locatello and others (2019) trained more than 12,000 models and found that the random seed and the hyperparameters mattered more than the method. Without labels or assumptions about the data, disentanglement cannot be guaranteed. A traversal is a good way to look at a model, but it is poor evidence that the model has understood anything.

# %%
widgets.Quiz("inside_the_vae.rotated-codes")

# %% [markdown]
# ## 6. How good is it? The log-likelihood
#
# The loss gave us a bound. How far is it from $\log p(x)$ itself? In notebook 02 we narrowed the gap by importance sampling: draw $k$ codes from $q(z \mid x)$ and average the weights $p(x, z) / q(z \mid x)$ inside the logarithm. In expectation the result is a lower bound for every $k$, and it becomes tighter as $k$ grows.
#
# Published numbers are for black-and-white images, so we make the test images black and white by flipping a coin for each pixel, with its gray level as the probability. The numbers below are therefore not comparable with the losses on gray images in notebook 04.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "The ELBO says −89. What do you know about log p(x)?"
# > - **Usually answered:** "It is about −89." It is at least −89; the card says −85.2 with 5,000 samples.
# > - **Show:** The table from the model card, then the three binarizations of the same images. Leave the calculation as homework.

# %%
generator = torch.Generator().manual_seed(0)
gray = x_test[::20]  # every 20th test image
binary = torch.bernoulli(gray, generator=generator)
ks = [1, 5, 50, 500]
estimates = [metrics.log_likelihood(vae50, binary, k, generator).mean().item() for k in ks]
for k, estimate in zip(ks, estimates):
    print(f"k = {k:3d}: log p(x) is at least {estimate:.1f} nats per image, on 500 test images")

# %%
plots.lines(
    {"vae-50d": (ks, estimates)},
    "The ELBO (k = 1) is several nats below the bound with 500 samples",
    "samples per image, k",
    "lower bound on log p(x), nats per image",
    colors={"vae-50d": "encoder"},
    xscale="log",
    marker="o",
    xticks=ks,
    xticklabels=ks,
)

# %% [markdown]
# Each increase of $k$ closes less of the gap than the one before, but the curve is not flat yet, so some of the gap remains even at $k = 500$. With all 10,000 test images and $k = 5000$ the calculation takes a quarter of an hour, so we read the result from the model card that ships with the weights:

# %%
card = pretrained.read_card(pretrained.path_of("vae-50d"))
for k in (1, 50, 500, 5000):
    print(f"all test images, k = {k:4d}: {card['metrics'][f'log_p_{k}']:.2f} nats per image")
print(
    f"hidden layers {card['arguments']['hidden']}, {card['recipe']['fit']['epochs']} epochs on images binarized anew at every step"
)

# %% [markdown]
# On all test images each bound is a little more than one nat lower than on our 500, so the choice of images matters too. Burda, Grosse, and Salakhutdinov (2016, table 1) report −86.76 for a VAE with one layer of 50 latent dimensions, also with $k = 5000$. Ours, with −85.17, is 1.6 nats better. Is it a better method? No, it is the same method with a larger network: they use two hidden layers of 200 tanh units on each side, while ours has two of 512, with LayerNorm and SiLU. (Their better number, −84.78, comes from training on the bound with $k = 50$ itself.)
#
# Before you compare two numbers, check one more thing: how the images were made black and white. In **dynamic binarization** the coins are flipped anew whenever an image is used, as above. In **fixed binarization** they were flipped once, and everybody uses the same file. Some papers simply apply a threshold. How much does this matter for one and the same model?

# %%
versions = {
    "coins flipped once": torch.bernoulli(gray, generator=generator),
    "coins flipped again": torch.bernoulli(gray, generator=generator),
    "threshold at 1/2": (gray > 0.5).float(),
}
for name, version in versions.items():
    print(f"{name:20s} {metrics.log_likelihood(vae50, version, 50, generator).mean():.1f} nats per image")

# %% [markdown]
# Flipping the coins again hardly matters: we get −84.8 and −85.1. But the threshold produces images with smooth edges, to which the model assigns a much higher probability, −69.4, although it was never trained on any of them. Binarization also matters during training: a model that sees new coins at every step, as ours did, cannot memorize them, while one that is trained on a fixed file can. So never compare a log-likelihood without its binarization. It would be like comparing temperatures without their units.

# %%
widgets.Quiz("inside_the_vae.two-models")

# %% [markdown]
# ## Exercises (45 minutes)
#
# There are three short exercises and a larger one. Replace the starter code, run the two cells, and read the card that appears. You can unfold its hints one at a time. Nothing below depends on your answers.

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The real beta
#
# **★☆☆ · 4 minutes.** A piece of code averages the reconstruction over the pixels, and the KL over the latent dimensions. Which $\beta$ does it really use?
#
# **Contract:** `my_effective_beta(beta, pixels, latents)`: the real beta of code that averages the reconstruction over the pixels and the KL over the latent dimensions → a number.


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
# ### Exercise 2 · Bug hunt: free bits that are not free
#
# **★★☆ · 5 minutes.** This function runs, and you can train a model with it, but it does not protect the latent dimensions from becoming inactive. Find out why.
#
# **Contract:** `my_free_bits(kl, floor)`: the KL of each image and latent dimension, (N, D), and a number of nats → one number: the KL of each latent dimension is averaged over the batch, and then the first `floor` nats of each dimension are free.


# %% tags=["starter"]
def my_free_bits(kl, floor):
    return kl.mean(1).clamp(min=floor).sum()


# %%
checks.free_bits(my_free_bits)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_free_bits(kl, floor):
#     return kl.mean(0).clamp(min=floor).sum()  # (N, D) -> (D,) -> one number
# ```
#
# `mean(1)` averages over the latent dimensions of each image, so the floor protects images, not dimensions.
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Break it: a collapse without a beta
#
# **★★☆ · 8 minutes.** Here is a sound loss for a small VAE with 16 pixels and a Gaussian decoder. Change its sums and means, and nothing else, until the posterior collapses. The checker trains a VAE with your loss.
#
# **Contract:** `my_collapse(x_hat, x, mu, logvar)`: two tensors (N, 16) and two (N, 2) → a loss with both terms of the ELBO and no explicit beta, with which the posterior of a small linear VAE collapses.


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
# The mean divides the reconstruction by the 16 pixels as well, so the effective $\beta$ is 16.
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Rescue a collapsed VAE
#
# **★★★ · 28 minutes.** You get the narrow autoregressive VAE from the first experiment of section 4, untrained, and 20,000 small images. Plain training makes it collapse. First see that for yourself: write a training loop and print the loss and the KL every 50 steps. Then train it so that it keeps a code worth having and is still a good model. How you do that is up to you. Sections 3 and 4 show some remedies, and there are others.
#
# You may change how the model is trained, but not its layers. The checker trains with your function (you have 60 seconds of computing time; our solution takes about 15) and judges the model on 2,000 test images:
#
# - a KL of at least 3 nats per image,
# - reconstruction + KL of at most 32 nats per image, measured with $\beta = 1$ (after 500 steps of plain training the sum is 30.0, with a KL of 0.06),
# - a code that the decoder uses: with the code of another image, the reconstruction must be at least 5 nats worse.
#
# Useful parts: `model(x)` returns `logits, mu, logvar, z`; `model.loss(x, beta)` returns `total, reconstruction, kl`; `losses.kl_per_dimension(mu, logvar)` returns the KL of each dimension, (8,). Try it here first, with `my_rescue(models.CausalVAE(8, hidden=64), small[:20_000])` and gradients switched on by `torch.set_grad_enabled(True)`.
#
# **Contract:** `my_rescue(model, x)`: an untrained CausalVAE, small images (20000, 14, 14) of 0 and 1 → the same model, trained.


# %% tags=["starter"]
def my_rescue(model, x):
    ...
    return model


# %%
checks.build_rescue(my_rescue)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_rescue(model, x):
#     optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
#     for step in range(700):
#         batch = x[torch.randint(len(x), (128,))]
#         logits, mu, logvar, _ = model(batch)
#         reconstruction = F.binary_cross_entropy_with_logits(logits, batch, reduction="none").sum((1, 2)).mean()
#         loss = reconstruction + losses.free_bits(losses.kl_per_dimension(mu, logvar), 0.5)
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#     return model
# ```
#
# This reaches a KL of 4.1 and a loss of 30.3 nats. KL annealing works as well, if it is slow enough: with `model.loss(batch, losses.annealed(1.0, step, 800)).total` and 1,000 steps the KL ends at 3.6, but with a ramp of 300 steps it falls back to 0.3. With `model.dropout = 0.5`, which hides pixels from the decoder while it trains, 1,000 steps give a KL of 5.2 and a loss of 31.3 nats.
#
# </details>

# %% [markdown]
# ## Summary
#
# - The KL is the **rate** of the code and the reconstruction term its **distortion**. With $\beta$ you choose a point on the curve between them, and at $\beta = 1$ their sum is smallest.
# - For a Gaussian decoder, $\beta$ and the variance are one knob. Every mean that a program takes over pixels or latent dimensions changes the effective $\beta$ too, so compute it or measure it.
# - A posterior collapses because the KL counts too much, because the decoder cannot use $z$ early in training, or because the decoder is strong enough to do without it. The loss alone does not show it: look at the KL, the active units, and what happens when codes are swapped. Annealing, free bits, and a weaker decoder help.
# - Traversals show what a dimension changes. The likelihood stays the same when the axes are rotated, so nothing guarantees that a dimension has a meaning.
# - $\log p(x)$ is estimated by importance sampling. For our model it is several nats above the ELBO, and two such numbers are comparable only if the images were binarized in the same way.
#
# **Next:** [06 Vector quantization](06_vector_quantization.ipynb). If we want a strong decoder *and* a code that it must use, a code from a finite table is a natural choice. How do you look something up in a table and still train by gradients?
