# %% [markdown]
# # 06 · Vector quantization: a code from a table
#
# Below are 240 points and six **codes**, the purple discs. Every point is replaced by its nearest code, and the *mean squared distance* says how much is lost on average. Drag the codes and try to bring this distance down to 0.13.
# Then press *k-means step* a few times and see whether the algorithm does better than you did.

# %% [markdown] tags=["slide-45"]
# ## A code from a table
#
# $$z_q = e_k, \qquad k = \operatorname*{arg\,min}_j \lVert z_e - e_j \rVert^2$$
#
# The table, the **codebook**, has $K$ vectors. An image is stored as the indices of its nearest codes.
#
# **We move $z_e$ by a tiny amount. How far does $z_q$ move?**
#
# Note: The usual answer is 'a tiny amount'. Almost everywhere the code does not move at all, and that is the problem of the next slides.

# %% [markdown] tags=["slide-45"]
# ## Nearest codes, then k-means
#
# Note: Press *k-means step* until nothing moves. Then press *N(0, 10²) start* and ask why most codes stay where they are: no point chooses them.

# %%
import math
import torch
from torch import nn
from torch.distributions import Categorical, kl_divergence
from torch.nn import functional as F
from vqedu import checks, metrics, plots, widgets
from vqedu.lessons import plane
from vqedu.quantizers import VectorQuantizer, kmeans

points = plane.points("kinds")  # (240, 2), float32: six clusters in the plane
widgets.QuantizationExplorer("kinds", codebook_size=6, seed=23)

# %% [markdown]
# (The explorer also shows the **perplexity** of the codes. Roughly speaking, it says how many codes are effectively in use: 6 if each code serves 40 points, and fewer if a few codes serve most of them. Notebook 07 has the formula.)
#
# An autoencoder can use a table like this as its bottleneck. The encoder computes a vector, the vector is replaced by the nearest entry of the table, and the decoder has to work with that entry. The difficulty is that choosing the nearest entry has no useful derivative. So how can we train anything that comes before the choice?
#
# **After this notebook you can**
#
# - say why you might want a discrete code, and draw a VQ-VAE with the gradients of its three losses,
# - find good codes with k-means, and explain where k-means gets stuck,
# - pass a gradient through "take the nearest", and explain why this works although it is wrong as a derivative,
# - predict from `detach()` alone which loss moves which part, and check it with `.grad`,
# - write a vector quantizer that learns by moving averages and revives its dead codes.
#
# **Time:** 65 minutes, and 60 for the exercises, of which the last takes 35. **Builds on:** [03 Reparameterization](03_reparameterization.ipynb) and [05 Inside the VAE](05_inside_the_vae.ipynb). **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz(
    "vector_quantization.last-collapse", "vector_quantization.last-strong-decoder", "vector_quantization.last-rate"
)

# %% [markdown]
# ## 1. Why a discrete code?
#
# There are three reasons, and the first comes from the end of notebook 05. A **strong decoder ignores a continuous $z$**. An autoregressive decoder, which predicts each pixel from the pixels before it, can describe digits well without any $z$. Every nat of information in $z$ adds to the KL, so the loss of such a model is lowest when $z$ carries no information.
# The best decoders we know are of this kind, which makes posterior collapse a serious obstacle. With a code chosen from a table, the model cannot lower its KL in this way, as section 10 shows.
#
# Second, many **things come in kinds**. A spoken word is a sequence of phonemes, written text a sequence of letters, and a digit is drawn with only a few kinds of strokes. For such things an entry in a table is a more natural description than a number that can take any value.
#
# Third, a **sequence of table entries can be modeled like text**. Once an image is a list of whole numbers, everything that was invented for language models can be applied to it. Notebooks 08 and 09 do exactly this.
#
# Here is the whole machine. Come back to this picture whenever you lose track; by section 7 you will be able to explain each of its arrows.

# %%
plots.quantizer_gradients()

# %% [markdown]
# The black arrows are the forward pass. The encoder $g$ turns the image $x$ into a vector $z_e$, where the subscript stands for *encoder*. The **codebook** is a table of $K$ vectors $e_1, \dots, e_K$, the **codes** (papers say *embeddings*, hence the letter). The vector $z_e$ is replaced by the nearest of them; the result is $z_q$, where $q$ stands for *quantized*. (This subscript has nothing to do with the posterior $q(z \mid x)$.) The decoder $f$ sees only $z_q$.
#
# The colored arrows are the gradients of three losses. How the blue one gets past the choice of the nearest code is the main question of this notebook. We first look at the table itself.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "Which continuous quantity have you met today that had been rounded to the entries of a table?" (The colors of a screen, 16-bit sound, grades.)
# > - **Usually answered:** "The pixels of a digital photo."
# > - **Show:** The picture above. Leave it on the board: the lecture fills in its arrows one by one.

# %% [markdown]
# ## 2. From rounding to a table of vectors
#
# The simplest quantizer is one you know: rounding. The whole numbers are a table of allowed values, and rounding picks the nearest one.

# %%
z = torch.tensor([0.2, 2.7, 1.1, -0.4, 3.3])
table = torch.tensor([0.0, 1.0, 2.0, 3.0])  # K = 4 allowed values
indices = (z[:, None] - table).abs().argmin(1)  # (5, 1) - (4,) -> (5, 4) -> (5,)
print("indices:", indices.tolist(), " values:", table[indices].tolist())

# %% [markdown]
# Five floats have become five indices. With $K = 4$ entries an index takes $\log_2 4 = 2$ bits, where a float takes 32, and the difference between $z$ and its entry is lost for good. This is **scalar quantization**: one number at a time.
#
# For our points in the plane we have a choice. We could round each coordinate by itself to one of 3 levels, which allows $3 \times 3 = 9$ values. Or we could put 9 codes wherever the points need them.

# %%
widgets.Prediction("vector_quantization.grid")

# %%
low, high = points.min(0).values, points.max(0).values
levels = [torch.tensor([1, 3, 5]) / 6 * (high[d] - low[d]) + low[d] for d in (0, 1)]  # midpoints of three equal parts
grid = torch.cartesian_prod(*levels)  # (9, 2)
placed, _ = kmeans.kmeans(points, plane.start_codes(points, 9), steps=20)  # section 3 shows how

by_grid, by_place = (metrics.measure(points, codes) for codes in (grid, placed))
print(f"each coordinate rounded: mean squared distance {by_grid.loss:.2f}")
print(f"nine codes in the plane: mean squared distance {by_place.loss:.2f}")

# %%
plots.codebooks(
    points.numpy(),
    {
        "each coordinate rounded by itself": (grid.numpy(), by_grid.indices.numpy()),
        "both coordinates at once": (placed.numpy(), by_place.indices.numpy()),
    },
    "Nine values on a grid, or nine codes where the points are",
)

# %% [markdown]
# A grid contains every combination of its levels, including combinations that hardly occur: in the left panel, codes 1 and 3 together serve only ten of the 240 points. A table of vectors contains only what is needed. This is **vector quantization**. With more dimensions the difference becomes drastic, because the number of combinations grows exponentially with the dimension.

# %% [markdown]
# ## 3. k-means: where should the codes be?
#
# k-means applies two rules in turn (Lloyd 1957):
#
# 1. Each point chooses its nearest code.
# 2. Each code moves to the mean of the points that chose it.
#
# Why does this work? The loss is the mean squared distance between points and codes. The first rule lowers it while the codes stay fixed. The second lowers it while the choices stay fixed, since the mean of a set of points has the smallest mean squared distance to them. So no step can raise the loss.
#
# **The nearest code without a loop.** To compare $n$ points $z$ with $K$ codes, expand the square:
#
# $$\lVert z - e_k \rVert^2 = \lVert z \rVert^2 - 2\, z \cdot e_k + \lVert e_k \rVert^2 .$$
#
# The first term is the same for all $k$, so the argmin does not need it. The second is a single matrix product for all points and all codes.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "I start six codes at random on six clusters. How many clusters will have a code of their own in the end?"
# > - **Usually answered:** "All six, because the loss falls with every step."
# > - **Show:** The three panels, then the explorer at the top. Let a student drag one of the two codes that share a cluster to the cluster without a code of its own, and press *k-means step* again.


# %%
def nearest_code(rows, codebook):
    distances = codebook.square().sum(1) - 2 * rows @ codebook.T  # (K,) - (n, D) @ (D, K) -> (n, K), without |z|^2
    return distances.argmin(1)  # (n,)


def kmeans_step(points, codes):
    indices = nearest_code(points, codes)
    means = [points[indices == k].mean(0) if (indices == k).any() else codes[k] for k in range(len(codes))]
    return torch.stack(means)  # (K, D)


# %%
widgets.Prediction("vector_quantization.k-means")

# %%
steps = [plane.start_codes(points, 6, seed=23)]  # six random points
for _ in range(15):
    steps.append(kmeans_step(points, steps[-1]))
losses = [metrics.measure(points, codes).loss for codes in steps]
print("loss after 0, 1, 2, ... steps:", " ".join(f"{loss:.2f}" for loss in losses[:6]))

# %%
plots.codebooks(
    points.numpy(),
    {f"steps: {n}": (steps[n].numpy(), nearest_code(points, steps[n]).numpy()) for n in (0, 1, 15)},
    "k-means has converged, and one code still serves two clusters",
)

# %% [markdown]
# The regions are **Voronoi cells**: cell $k$ is the part of the plane that is nearer to code $k$ than to any other code. Two cells meet halfway between their codes, so every border is a straight line.
#
# After two or three steps hardly anything moves. Still, code 3 serves two clusters while codes 0 and 1 share one, and no further step will change that. How often does this happen?

# %%
ends = [kmeans.kmeans(points, plane.start_codes(points, 6, seed=seed), steps=30)[0] for seed in range(20)]
found = sum(metrics.measure(points, codes).loss < 0.13 for codes in ends)
print(f"{found} of 20 random starts end with one code per cluster")

# %% [markdown]
# k-means walks downhill until it reaches a local minimum, and the start decides which one that is. In practice you run it from several starts and keep the best result, or you choose the start with care. Remember this for section 9, where a bad start does far more damage.

# %%
widgets.Quiz("vector_quantization.stuck")

# %% [markdown]
# ## 4. The table is $K \times D$, and a position is one vector
#
# The encoder of notebook 07 computes a *map* of vectors: $z_e$ has the shape $(N, D, 7, 7)$, which is one vector of $D$ numbers for each of the 49 positions of an image. The codebook has $K$ rows of $D$ numbers.
#
# You may read that "each dimension of $z_e$ is replaced by its nearest code". That is misleading. What is replaced is the vector at each *position*, all of its $D$ numbers together, by one code. An image becomes 49 indices, not $49\,D$.
#
# For `nearest_code` we need one row per position. The $D$ numbers of a vector lie along dimension 1, so that dimension has to be moved to the end *before* the shape is changed.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "z_e is 16 x 7 x 7 for one image. How many indices does it become?"
# > - **Usually answered:** "784, one per number."
# > - **Show:** The wrong reshape below. There is no error and the shape is right, but the vectors are not.

# %%
torch.manual_seed(0)
z_e = torch.randn(2, 3, 7, 7)  # N = 2 images, D = 3
codebook = torch.randn(8, 3)  # K = 8 codes
rows = z_e.movedim(1, -1).reshape(-1, 3)  # (2, 3, 7, 7) -> (2, 7, 7, 3) -> (98, 3)
indices = nearest_code(rows, codebook).view(2, 7, 7)
z_q = codebook[indices].movedim(-1, 1)  # (2, 7, 7, 3) -> (2, 3, 7, 7)
print("row 0:                     ", rows[0])
print("image 0 at position (0, 0):", z_e[0, :, 0, 0])
print("indices", tuple(indices.shape), "-> z_q", tuple(z_q.shape))

# %%
wrong = z_e.reshape(-1, 3)  # runs, and has the same shape
print("shapes:", tuple(wrong.shape), tuple(rows.shape))
print("row 0 of the wrong reshape:       ", wrong[0])
print("three neighbors of the 1st channel:", z_e[0, 0, 0, :3])

# %% [markdown]
# A network with the wrong reshape trains without an error. It quantizes neighboring numbers of one channel together, and its images stay blurred. (To catch at least some mistakes in the layout, `VectorQuantizer` of `vqedu` raises an error unless dimension 1 has exactly $D$ channels.)

# %%
widgets.Quiz("vector_quantization.codes-back")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · Bug hunt: it runs, and it is wrong
#
# **★★☆ · 8 minutes.** A colleague's quantizer trains without an error, but its images never become sharp. All shapes are right. Find the bug and fix it.
#
# **Contract:** `my_quantize(z_e, codebook)`: (N, D, H, W), codes (K, D) → z_q (N, D, H, W): each vector along dimension 1 is replaced by its nearest code. The code below contains one bug.


# %% tags=["starter"]
def my_quantize(z_e, codebook):
    rows = z_e.reshape(-1, z_e.shape[1])
    indices = torch.cdist(rows, codebook).argmin(1)
    return codebook[indices].view_as(z_e)


# %%
checks.quantize(my_quantize)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_quantize(z_e, codebook):
#     moved = z_e.movedim(1, -1)  # (N, H, W, D): the numbers of a vector side by side
#     indices = torch.cdist(moved.reshape(-1, moved.shape[-1]), codebook).argmin(1)
#     return codebook[indices].view_as(moved).movedim(-1, 1)
# ```
#
# </details>

# %% [markdown]
# ## 5. "Take the nearest" has derivative zero
#
# Now to training. The decoder turns $z_q$ into an image, and the gradient of its loss $L$ says in which direction $z_q$ should move. To train the encoder we need the gradient with respect to $z_e$, and between $z_e$ and $z_q$ there is an argmin.
#
# As a stand-in for the decoder we take $L = \tfrac12 \lVert z_q - t \rVert^2$: this "decoder" would like $z_q$ to be at a target $t$.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "I move a point by a tiny amount. How far does its code move?"
# > - **Usually answered:** "By a tiny amount."
# > - **Show:** The staircase. Is there any place where its derivative is not zero? (No: at the jumps it does not exist.)

# %%
widgets.Prediction("vector_quantization.slope")

# %%
codebook = steps[-1].double()  # the six codes that k-means found
target = torch.tensor([1.2, -0.4], dtype=torch.float64)


def toy_loss(z_q):
    return 0.5 * (z_q - target).square().sum(-1)


def quantize(z_e):
    return codebook[nearest_code(z_e, codebook)]


# %%
z_e, nudge = points.double(), 1e-4
slopes = [
    (toy_loss(quantize(z_e + nudge * axis)) - toy_loss(quantize(z_e - nudge * axis))) / (2 * nudge)
    for axis in torch.eye(2).double()
]
zero = (torch.stack(slopes) == 0).sum().item()
print(f"{zero} of {2 * len(z_e)} measured slopes are exactly 0")

# %% [markdown] tags=["slide-90"]
# ## Inside a cell the gradient is zero

# %%
walk = torch.stack([torch.linspace(-3, 3, 601), torch.ones(601)], 1).double()  # from left to right at z_2 = 1
plots.lines(
    {"L": (walk[:, 0].tolist(), toy_loss(quantize(walk)).tolist())},
    "The loss as a function of z_e is a staircase: flat inside a cell, a jump at each border",
    "first coordinate of $z_e$ (the second is 1)",
    "toy loss $L$",
    colors={"L": "decoder"},
)

# %% [markdown]
# Inside a cell nothing changes, so the derivative is 0. At a border the loss jumps, and there is no derivative at all. Autograd agrees: the argmin returns whole numbers, which are detached from the graph.

# %%
leaf = points[:1].double().requires_grad_()
print("is z_q connected to z_e in the graph?", quantize(leaf).requires_grad)

# %% [markdown]
# **What about the score function?** It needs no derivative of the loss, and notebook 03 mentioned it as a way to get past such a step. To use it, the choice must become random: draw code $k$ with a probability $q(k \mid z_e)$ that is larger for nearer codes, and multiply the loss by the score $\partial \log q(k \mid z_e) / \partial z_e$. On average the product is the exact gradient of the expected loss. The code below uses $q(k \mid z_e) \propto \exp(-\lVert z_e - e_k \rVert^2 / \text{temperature})$, whose score is $\frac{2}{\text{temperature}} \big(e_k - \sum_j q(j \mid z_e)\, e_j\big)$.
# The trouble is its variance. All 49 positions of an image share *one* loss, so the score at one position is multiplied by the noise of the 48 other choices. Let us compare the standard deviation of one sample with the length of the gradient that it estimates.


# %%
def noise_to_signal(positions, draws=20_000, temperature=4):
    z_e = points[:positions].double()
    q = F.softmax(-torch.cdist(z_e, codebook).square() / temperature, 1)  # (positions, 6)
    k = torch.multinomial(q, draws, replacement=True).T  # (draws, positions): a code at each position
    loss = toy_loss(codebook[k]).sum(1)  # (draws,): one loss for all positions together
    score = 2 / temperature * (codebook - q[0] @ codebook)  # (6, 2): d log q(k) / d z_e at position 0
    samples = (loss - loss.mean())[:, None] * score[k[:, 0]]  # with a baseline, as in notebook 03
    exact = (toy_loss(codebook) * q[0]) @ score  # (2,): the gradient at position 0
    return samples.std(0).norm() / exact.norm()


torch.manual_seed(0)
for positions in (1, 49):
    print(f"{positions:2d} positions: the noise is {noise_to_signal(positions):.1f} times the signal")

# %% [markdown]
# With about four times the noise (9.3 against 2.4), you need about fifteen times as many samples for the same precision, because the noise of an average falls only with the square root of the number of samples. A VQ-VAE makes a different trade: it accepts that the gradient is *biased*, and in return the gradient has no noise.

# %%
widgets.Quiz("vector_quantization.trained-table")

# %% [markdown]
# ## 6. Straight-through: copy the gradient
#
# The biased gradient that a VQ-VAE uses is a bold shortcut (Bengio, Léonard and Courville 2013; van den Oord and others 2017). In the forward pass use $z_q$. In the backward pass treat quantization as the identity, so that the gradient is **copied from $z_q$ to $z_e$**:
#
# $$\frac{\partial L}{\partial z_e} := \frac{\partial L}{\partial z_q} .$$
#
# In code we take $z_q$ detached from the graph, and add a zero whose derivative with respect to $z_e$ is 1.

# %% [markdown] tags=["slide-45"]
# ## Straight-through: copy the gradient
#
# $$z_q = z_e + \mathrm{sg}[e_k - z_e] \qquad\Rightarrow\qquad \frac{\partial L}{\partial z_e} := \frac{\partial L}{\partial z_q}$$
#
# ```python
# z_q = z_e + (code - z_e).detach()
# ```
#
# The value is the code's; the gradient goes to the encoder as if nothing had been quantized.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "All points of a cell receive the same arrow. Is that the gradient of anything?"
# > - **Usually answered:** "Yes, autograd computed it."
# > - **Show:** The explorer with arrows. Drag the target t: all arrows turn. Then drag a code: only the arrows of its own cell react.


# %%
def straight_through(z_e, z_q):
    return z_q.detach() + (z_e - z_e.detach())


# %%
leaf = points.double().requires_grad_()
z_q = straight_through(leaf, quantize(leaf))
z_q.retain_grad()
toy_loss(z_q).sum().backward()
print(f"forward, largest difference from the code:  {(z_q - quantize(leaf)).abs().max().item():g}")
print(f"backward, largest difference from the copy: {(leaf.grad - z_q.grad).abs().max().item():g}")

# %%
chosen = nearest_code(leaf, codebook)
plots.straight_through(
    points.numpy(),
    codebook.numpy(),
    chosen.numpy(),
    at_codes=(codebook - target).numpy(),
    at_points=leaf.grad.numpy(),
    title="Every point of a cell receives the arrow of its code, which points to the target t",
    target=target.numpy(),
)

# %% [markdown]
# The arrows point against the gradient, in the direction of a descent step. As a derivative the copy is simply *wrong*, since the right one is 0. It is useful all the same, because it says where the decoder would like the code to be. Usually, a $z_e$ that follows it soon crosses a border into the cell of another code.
#
# Let us follow one point on its way while the codes stay fixed. Leave `cost` at 0 for now; section 7 explains it.


# %%
def follow(z_e, cost, steps=30):
    visited = []
    for _ in range(steps):
        leaf = z_e.clone().requires_grad_()
        k = nearest_code(leaf[None], codebook)[0]
        loss = toy_loss(straight_through(leaf, codebook[k])) + cost * (leaf - codebook[k]).square().sum()
        loss.backward()
        z_e = z_e - 0.1 * leaf.grad
        visited.append(k.item())
    return visited


# %%
start = torch.tensor([-2.0, -1.7], dtype=torch.float64)
print("loss of each code:", {k: round(loss, 2) for k, loss in enumerate(toy_loss(codebook).tolist())})
print("code at each step:", *follow(start, cost=0))

# %% [markdown]
# For ten steps the loss does not change, although the point moves in each of them. Then it crosses a border, and the loss drops from 2.62 to 0.59 in a single step. Afterward the point never settles. No code lies exactly at the target, so the copied gradient is never zero and keeps pushing $z_e$ across one border after another. Something has to hold it in place.
#
# Try it yourself: drag the target $t$ and the codes. The thick arrows are at the codes, their thin copies at the points.

# %% [markdown] tags=["slide-90"]
# ## Where do the copied gradients push?

# %%
widgets.QuantizationExplorer("kinds", codebook_size=6, seed=17, arrows=True)

# %%
widgets.Quiz("vector_quantization.forgotten-detach")

# %% [markdown]
# ## 7. Three losses: which one moves what?
#
# Straight-through carries the decoder's gradient past the codebook, so the reconstruction loss never moves a code. Two more terms are needed (van den Oord and others 2017, eq. 3). Let $\mathrm{sg}[\cdot]$ be the **stop-gradient**, which passes the value on in the forward pass but blocks the gradient in the backward pass; in torch it is `detach()`.
#
# $$L = \underbrace{-\log p(x \mid z_q)}_{\text{reconstruction}} + \underbrace{\lVert \mathrm{sg}[z_e] - e \rVert^2}_{\text{codebook loss}} + \text{cost} \cdot \underbrace{\lVert z_e - \mathrm{sg}[e] \rVert^2}_{\text{commitment loss}}$$
#
# Here $e$ is the code that $z_e$ has chosen, as it comes out of the codebook, *before* straight-through. After straight-through it is called $z_q$, which has the same values but is attached to $z_e$ in the graph. The codebook loss pulls each code toward the vectors that chose it. The commitment loss pulls each vector toward the code it chose. The paper calls the weight of the commitment loss $\beta$. We call it `commitment_cost`, because $\beta$ is already the weight of the VAE's KL.

# %% [markdown] tags=["slide-45"]
# ## Three losses, three parts to train
#
# $$L = \underbrace{-\log p(x \mid z_q)}_{\text{decoder, encoder}} \;+\; \underbrace{\lVert \mathrm{sg}[z_e] - e \rVert^2}_{\text{codebook}} \;+\; \text{cost} \cdot \underbrace{\lVert z_e - \mathrm{sg}[e] \rVert^2}_{\text{encoder}}$$
#
# The last two have the same value. **Why not use a single term?**

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Codebook loss and commitment loss always have the same value. Why not write a single term with the factor 1.25?"
# > - **Usually answered:** "It would be the same."
# > - **Show:** The table of gradients. Let the room fill in the row without `detach` before you run its cell.


# %%
def vq_losses(z_e, e):
    codebook_loss = (z_e.detach() - e).square().sum(1).mean()  # squared distance: summed over D, averaged over rows
    commitment_loss = (z_e - e.detach()).square().sum(1).mean()
    return codebook_loss, commitment_loss


# %%
torch.manual_seed(0)
encoder, decoder = nn.Linear(2, 2), nn.Linear(2, 2)  # a VQ-VAE in miniature: x has two numbers, and so has z_e
parts = {"encoder": encoder.weight, "codebook": nn.Parameter(torch.randn(6, 2)), "decoder": decoder.weight}


def three_losses(x):
    z_e = encoder(x)
    e = parts["codebook"][nearest_code(z_e, parts["codebook"])]
    x_hat = decoder(straight_through(z_e, e))
    codebook_loss, commitment_loss = vq_losses(z_e, e)
    return {
        "reconstruction": (x_hat - x).square().sum(1).mean(),
        "codebook": codebook_loss,
        "commitment": commitment_loss,
    }


# %% [markdown]
# For each loss by itself we clear all gradients, run the backward pass, and look at what has arrived in `.grad`.


# %%
def arrivals(loss):
    for weight in parts.values():
        weight.grad = None
    loss.backward()
    return [f"{weight.grad.norm():8.2f}" if weight.grad is not None else "     -  " for weight in parts.values()]


# %% [markdown] tags=["slide-90"]
# ## Which loss moves the codes?

# %%
widgets.Prediction("vector_quantization.three-losses")

# %%
print(f"{'loss':15s}   value  encoder codebook  decoder")
for name in ("reconstruction", "codebook", "commitment"):
    loss = three_losses(points)[name]
    print(f"{name:15s}{loss.item():8.2f} {' '.join(arrivals(loss))}")

# %% [markdown]
# This is the opening picture in numbers. The reconstruction loss trains the decoder and, by the copied gradient, the encoder. The codebook loss moves only the codes, and the commitment loss moves only the encoder.
#
# The last two are **equal in value**, since `detach` changes no number, and **different in gradient**. Without the stop-gradients, one term would do the work of both:

# %%
z_e = encoder(points)
plain = (z_e - parts["codebook"][nearest_code(z_e, parts["codebook"])]).square().sum(1).mean()
print(f"{'no detach':15s}{plain.item():8.2f} {' '.join(arrivals(plain))}")

# %% [markdown]
# Why do we want two? Because the two sides should move at different rates. The codes should follow the vectors quickly, while the encoder should follow mainly the *reconstruction* loss and be pulled only a little toward the codes, so the commitment loss gets a weight below 1 (0.25 in the paper). Besides, a separate codebook loss can be taken out and replaced by something better, as section 8 does.
#
# And what does the commitment loss achieve? Here is the point from section 6 again, the one that never settled:

# %%
for cost in (0, 0.25, 0.5, 1):
    print(f"cost {cost:4.2f}:", *follow(start, cost))

# %% [markdown]
# One line explains all four rows. Inside the cell of $e$ the copied gradient is that of the toy loss $L$ at $z_q = e$, which is $e - t$, and the gradient of the commitment term is $2\,\text{cost}\,(z - e)$, so the two cancel at
#
# $$z = e - \frac{e - t}{2\,\text{cost}} .$$
#
# At cost 0.5 this is exactly $t$, which lies in the cell of code 4, so the point settles there. At cost 1 it is halfway between the code and $t$. For code 3, in whose cell the point starts, this place is still inside the cell, so the point never leaves it. At cost 0.25 it is the mirror image of the code on the other side of $t$. This mirror image lies in another cell, so the point keeps moving. And at cost 0 there is no such point at all.
# Where the balance lies depends on the scale of the reconstruction loss and of $z_e$, which is why the cost has to be tuned.

# %%
widgets.Quiz("vector_quantization.unequal-values")

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · A loss from the wild
#
# **★★☆ · 7 minutes.** Many repositories contain this line:
#
# `loss = F.mse_loss(z_e.detach(), z_q) + cost * F.mse_loss(z_e, z_q.detach())`
#
# Its gradients go to the right parts. But our reconstruction loss is summed over an image, while these two terms are averaged over everything, so this is not the loss of the paper: the balance between the three terms changes with $D$ and with the number of positions. Write the two terms so that they match a reconstruction loss that is summed.
#
# **Contract:** `my_vq_loss(z_e, z_q, cost)`: two tensors (N, ...), a number → one number: ‖sg[z_e] − z_q‖² + cost ‖z_e − sg[z_q]‖², summed over one example, averaged over the batch. (Here `z_q` are the codes before straight-through.)


# %% tags=["starter"]
def my_vq_loss(z_e, z_q, cost):
    return ...  # one number


# %%
checks.vq_loss(my_vq_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_vq_loss(z_e, z_q, cost):
#     codebook_loss = (z_e.detach() - z_q).square().sum() / len(z_e)
#     commitment_loss = (z_e - z_q.detach()).square().sum() / len(z_e)
#     return codebook_loss + cost * commitment_loss
# ```
#
# </details>

# %% [markdown]
# ## 8. Gradients, or moving averages?
#
# Look at what the codebook loss does to one code. Suppose $n_k$ of the $n$ vectors of a batch chose code $k$, and their mean is $\bar z_k$. The gradient of the loss is then $\frac{2 n_k}{n}(e_k - \bar z_k)$, so a descent step moves the code straight toward the mean. k-means would go all the way. But a batch is a small sample, and a code that jumped to the mean of every batch would never settle.
#
# So let each code go only part of the way and remember the earlier batches. For each code we keep a running count $N_k$ and a running sum $M_k$ of the vectors that chose it (van den Oord and others 2017, appendix A.1):
#
# $$N_k \leftarrow \gamma N_k + (1 - \gamma)\, n_k, \qquad M_k \leftarrow \gamma M_k + (1 - \gamma) \sum_{i \text{ chose } k} z_i, \qquad e_k \leftarrow M_k / N_k .$$
#
# These are **exponential moving averages** (EMA). With `decay` $\gamma$ they remember about $1 / (1 - \gamma)$ batches. There is no gradient and no learning rate.
#
# One detail matters. $N_k$ may come close to 0, so the division uses a smoothed count: a small $\epsilon$ is added to each count, and all are rescaled so that their total stays the same (Laplace smoothing). The smoothed counts are used in this division only. If they were written back into $N_k$, they would be smoothed again in each step, and the count of an unused code would never fade.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "What does EMA turn into at decay 0, with all data in one batch?"
# > - **Usually answered:** "Gradient descent."
# > - **Show:** The explorer: move the decay to 0, press *EMA step*, and compare with *k-means step*.


# %%
def ema_update(codebook, counts, sums, rows, indices, decay, epsilon=1e-5):
    K = len(codebook)
    n_k = torch.bincount(indices, minlength=K).to(rows)  # (K,)
    counts = decay * counts + (1 - decay) * n_k
    sums = decay * sums + (1 - decay) * torch.zeros_like(codebook).index_add(0, indices, rows)  # (K, D)
    total = counts.sum()
    smoothed = (counts + epsilon) / (total + K * epsilon) * total  # for this division only
    codes = torch.where(n_k[:, None] > 0, sums / smoothed[:, None], codebook)  # an unchosen code stays where it is
    return codes, counts, sums


# %% [markdown]
# **EMA is k-means on batches.** If we give it all points at once, the EMA step gets closer to a k-means step the more it forgets, and at $\gamma = 0$ the two are the same. We begin with all counts at 1 and the sums equal to the codes, as if each code had been chosen once, by a vector that lies exactly on it.

# %%
codes = steps[0]
for decay in (0.99, 0.9, 0.5, 0.1, 0.0):
    moved, *_ = ema_update(codes, torch.ones(6), codes, points, nearest_code(points, codes), decay)
    print(f"decay {decay:4.2f}: largest distance to the k-means step {(moved - steps[1]).norm(dim=1).max():.3f}")

# %% [markdown]
# **Side by side.** Two codebooks begin with the same eight codes and receive the same batches of 64 points. One is moved by EMA, the other by the gradient of the codebook loss with Adam. `VectorQuantizer` implements both kinds of update, for $z_e$ of any shape.

# %%
many = plane.points("kinds", 10_000, seed=1)


def train(codes, update, revive_after=None, steps=300):
    torch.manual_seed(0)  # the same batches for all
    vq = VectorQuantizer(*codes.shape, update, start="uniform", revive_after=revive_after, decay=0.9)
    vq.set_codebook(codes)
    optimizer = torch.optim.Adam([vq.codebook], lr=0.02) if update == "gradient" else None
    losses = []
    for _ in range(steps):
        out = vq(many[torch.randint(len(many), (64,))])
        losses.append(out.codebook_loss.item())
        if optimizer:
            optimizer.zero_grad()
            out.codebook_loss.backward()
            optimizer.step()
    return metrics.measure(many, vq.codebook.detach()), losses


# %%
codes = plane.start_codes(many, 8)
curves = {"EMA, decay 0.9": train(codes, "ema")[1], "gradient, Adam 0.02": train(codes, "gradient")[1]}
smooth = {name: torch.tensor(losses).unfold(0, 10, 1).mean(1).tolist() for name, losses in curves.items()}
for name, losses in smooth.items():
    print(f"{name:20s}" + ", ".join(f"batch {b}: {losses[b - 5]:.2f}" for b in (20, 40, 80, 290)))

# %%
plots.lines(
    {name: (range(5, 296), losses) for name, losses in smooth.items()},
    "Both codebooks reach the same loss, and EMA gets there sooner",
    "batches of 64 points",
    "codebook loss (mean of 10 batches)",
    colors={"EMA, decay 0.9": "codebook", "gradient, Adam 0.02": "#555555"},
    ylim=(0, None),
)

# %% [markdown]
# The comparison depends on the learning rate, and with a larger one Adam would be faster here. The point is that EMA has no learning rate: each code covers a fixed share of the distance to the mean of its vectors, no matter how many of them chose it. To see this, suppose that the code is chosen by the same number of vectors in every batch, so that $N_k = n_k$. The three formulas then give $e_k \leftarrow \gamma e_k + (1 - \gamma)\, \bar z_k$. The plain gradient carries the factor $n_k / n$, so rarely chosen codes move slowly (Adam removes most of that factor again).

# %%
widgets.Quiz("vector_quantization.rare-codes")

# %% [markdown]
# ## 9. Dead codes
#
# A code that no vector chooses receives no gradient, and its running sum sees no new vectors. So it stays where it is, no vector chooses it in the next batch either, and so on. Such a code is called **dead**.
#
# How bad is it? We try three starts. "Data" takes random points of the data. "Uniform" is the usual start in public code: $U(-1/K, 1/K)$ in each coordinate, so all codes begin close to the origin. "Far" is deliberately bad: $N(0, 10^2)$, although nearly all points lie within 3 of the origin.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "We start 16 codes far away and train for 300 steps. How many of them will find their way to the points?"
# > - **Usually answered:** "Most of them, the gradients pull them in."
# > - **Show:** The explorer of this section: *Run*, wait, then *revive*, then *Run* again.

# %%
widgets.Prediction("vector_quantization.dead")

# %%
vq = VectorQuantizer(16, 2, "gradient", start="uniform", revive_after=None)
vq.set_codebook(plane.start_codes(many, 16, "wide"))
out = vq(many)
out.codebook_loss.backward()
unused = torch.bincount(out.indices, minlength=16) == 0
largest = vq.codebook.grad[unused].abs().max()
print(
    f"far start: {unused.sum().item()} of 16 codes are chosen by none of 10,000 points; their gradient is {largest:g}"
)

# %% [markdown]
# One remedy is to start from the data. Another is **revival**, which moves a code that no vector has chosen for 20 batches onto a random vector of the current batch. Here are all combinations, each trained for 300 batches with one seed.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
starts = {"data": plane.start_codes(many, 16), "uniform": (2 * torch.rand(16, 2) - 1) / 16}
starts["far"] = plane.start_codes(many, 16, "wide")
print("start     update     without revival        with revival")
for name, codes in starts.items():
    for update in ("gradient", "ema"):
        ends = [train(codes, update, revive_after)[0] for revive_after in (None, 20)]
        print(f"{name:9s} {update:10s}", "".join(f"{end.used:2d} codes, loss {end.loss:.2f}   " for end in ends))

# %% [markdown]
# From far away only three codes are ever used, whether gradients or averages move them, and more training would not help because nothing pulls on the others. Revival brings all of them in. The usual start near the origin kills no code here, since everything in this plane is close by. But its codes are badly distributed: without revival it ends with a loss of 0.10, against 0.06 for the start from the data. Revival lowers the 0.10 to 0.07, because it also moves codes that are not dead but are chosen so rarely that 20 batches can pass without them.
#
# In this notebook the points stay where they are. In a VQ-VAE the encoder keeps changing during training, so codes can also be left behind later, by vectors that have moved on.
#
# In the explorer below the codes are drawn from $N(0, 10^2)$; those outside the board are shown at its edge. Press *Run*, then *revive*, then *Run* again. Then *kill* a code and see that no kind of step brings it back.

# %% [markdown] tags=["slide-180"]
# ## Codes that start far from the data die

# %%
widgets.QuantizationExplorer("kinds", codebook_size=12, start="wide")

# %%
widgets.Quiz("vector_quantization.left-behind")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · Break it: a codebook that dies
#
# **★★☆ · 6 minutes.** Choose $K$ starting codes, all different, such that k-means can never use more than three of them.
#
# **Contract:** `my_dead_codes(z, K)`: vectors (n, D), a number → a starting codebook (K, D) of different codes, of which k-means can use at most three.


# %% tags=["starter"]
def my_dead_codes(z, K):
    return z[:K]  # the usual start: K of the vectors


# %%
checks.dead_codes(my_dead_codes)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_dead_codes(z, K):
#     return 100 + torch.arange(K)[:, None] * torch.ones(1, z.shape[1])  # far away, each a little farther
# ```
#
# </details>

# %% [markdown]
# ## 10. Where has the KL gone?
#
# The ELBO of [notebook 02](02_elbo.ipynb) has a second term, $\mathrm{KL}(q(z \mid x) \,\|\, p(z))$. The loss of section 7 has none. Was it forgotten?
#
# Now $z$ is one of $K$ codes, and the encoder's choice is deterministic: $q(z = k \mid x)$ is 1 for the nearest code and 0 for all others (the posterior is *one-hot*). While the VQ-VAE is trained, its prior is uniform, $p(z = k) = 1/K$.

# %%
widgets.Prediction("vector_quantization.kl")

# %%
K = 6
prior = Categorical(torch.full((K,), 1 / K))
q = Categorical(F.one_hot(nearest_code(points, steps[-1]), K).float())  # 240 posteriors, one per point
kl = kl_divergence(q, prior)  # (240,)
print(f"KL of each point: from {kl.min():.2f} to {kl.max():.2f} nats; log K = {math.log(K):.2f}")

# %% [markdown]
# $$\mathrm{KL} = \sum_k q(k) \log \frac{q(k)}{1/K} = 1 \cdot \log \frac{1}{1/K} = \log K .$$
#
# Only the term of the chosen code is left, because a term with $q(k) = 0$ counts as $0 \log 0 = 0$. So the KL is $\log K$ at each position, whatever the encoder does. A constant has no gradient, so we can leave it out of the loss, and nothing pushes the encoder toward the prior. This is the promise of section 1: however strong the decoder is, the encoder cannot lower its KL by carrying less information. (The *codebook* can still collapse, as section 9 showed.)
#
# All of this holds for a uniform prior. The codes of real images are far from uniformly distributed, and notebook 08 learns a prior that takes this into account.

# %% [markdown]
# ## 11. Build it
#
# You have now seen every part of a vector quantizer. The exercise asks you to put them together.

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Build a vector quantizer
#
# **★★★ · 35 minutes.** Write the module from an empty class: nearest code, straight-through, commitment loss, moving averages, and revival. Work in this order and check after each step; the checker shows which parts are already right.
#
# - `codes` (K, D) are the initial codes. Treat each as if it had been chosen once: $N_k = 1$, $M_k = e_k$. `decay` is $\gamma$; `revive_after` is a number of batches, or `None`.
# - `forward(z_e)` takes rows (n, D) and returns three things. `z_q` (n, D) are the nearest codes, as they were before this batch moved them, with the straight-through gradient. `indices` (n,) are whole numbers. `commitment_loss` is one number, $\lVert z_e - \mathrm{sg}[e] \rVert^2$ summed over D and averaged over the rows, not multiplied by a cost.
# - In training mode (`self.training`) each forward pass then moves the codes by the three formulas of section 8. A code that no row chose stays where it is; smoothing is optional.
# - After that, every code that no row has chosen in the last `revive_after` batches (this one included) is moved onto a row of the current batch (different codes onto different rows), again with $N_k = 1$ and $M_k$ = that row.
# - `self.codebook` is always the current table. The codebook, the counts, and the sums belong in the `state_dict`, so make them buffers with `register_buffer`. In eval mode nothing changes.
#
# **Contract:** `MyQuantizer(codes, decay, revive_after)`: (K, D), a number, a whole number or None → a module as described. On the plane, after 300 batches of 64 points with decay 0.9, it should reach a mean squared distance of at most 0.12 when it starts with 8 codes from the data. When it starts with 16 codes far away and revives them after 20 batches, it should reach at most 0.09 with all codes in use.


# %% tags=["starter"]
class MyQuantizer(nn.Module):
    def __init__(self, codes, decay, revive_after):
        super().__init__()
        ...

    def forward(self, z_e):
        return ...  # z_q, indices, commitment_loss


# %%
checks.build_quantizer(MyQuantizer)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# class MyQuantizer(nn.Module):
#     def __init__(self, codes, decay, revive_after):
#         super().__init__()
#         for name, value in {"codebook": codes, "counts": torch.ones(len(codes)), "sums": codes}.items():
#             self.register_buffer(name, value.clone())
#         self.register_buffer("waiting", torch.zeros(len(codes)))  # batches since each code was chosen
#         self.decay, self.revive_after = decay, revive_after
#
#     def forward(self, z_e):
#         indices = torch.cdist(z_e.detach(), self.codebook).argmin(1)  # (n,)
#         e = self.codebook[indices]  # (n, D): a copy, so it does not move below
#         commitment_loss = (z_e - e).square().sum(1).mean()
#         if self.training:
#             self.learn(z_e.detach(), indices)
#         return e + (z_e - z_e.detach()), indices, commitment_loss
#
#     def learn(self, rows, indices):
#         n = torch.bincount(indices, minlength=len(self.counts))  # (K,)
#         m = torch.zeros_like(self.codebook).index_add(0, indices, rows)  # (K, D)
#         self.counts = self.decay * self.counts + (1 - self.decay) * n
#         self.sums = self.decay * self.sums + (1 - self.decay) * m
#         self.codebook = torch.where(n[:, None] > 0, self.sums / self.counts[:, None], self.codebook)
#         self.waiting = torch.where(n > 0, 0.0, self.waiting + 1)
#         if self.revive_after is not None:
#             self.revive(rows, self.waiting >= self.revive_after)
#
#     def revive(self, rows, dead):
#         places = rows[torch.randperm(len(rows))[: dead.sum()]]
#         dead = dead.nonzero()[: len(places), 0]
#         self.codebook[dead] = self.sums[dead] = places
#         self.counts[dead], self.waiting[dead] = 1.0, 0.0
# ```
#
# </details>

# %% [markdown]
# ## Summary
#
# - A codebook is a table of $K$ codes with $D$ numbers each. Each vector of $z_e$, as a whole, becomes the index of its nearest code.
# - k-means finds good codes by applying two rules in turn. Its loss never rises, but where it ends depends on the start.
# - The choice of the nearest code has derivative 0 almost everywhere. Straight-through copies the gradient of $z_q$ to $z_e$: wrong as a derivative, useful as a direction, and free of noise.
# - The reconstruction loss trains the decoder and the encoder, the codebook loss trains only the codes, and the commitment loss trains only the encoder. The last two have the same value.
# - Moving averages replace the codebook loss. They are k-means on batches and have no learning rate.
# - A code that no vector chooses is dead. A start from the data makes this less likely, and revival brings the code back.
# - With a one-hot posterior and a uniform prior, the KL is $\log K$ per position. It is constant, so the encoder gains nothing by carrying less information.
#
# **Next:** [07 The VQ-VAE](07_vqvae.ipynb) puts this table between a convolutional encoder and decoder and trains it on images.
