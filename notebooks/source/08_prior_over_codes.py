# %% [markdown]
# # 08 · A prior over codes: drawing new digits

# %%
import math
import time
import torch
from torch import nn
from torch.nn import functional as F
from vqedu import checks, coding, data, models, plots, pretrained, widgets
from vqedu.metrics import rates

RETRAIN = False  # True: train the shipped prior of section 5 here (about half an hour on one free core)
LONGER = False  # True: train the small transformer of section 4 five times as long (about a minute on one free core)
torch.set_grad_enabled(False)
images = data.load("mnist")
x_test, y_test = images.test
vqvae = pretrained.load("vqvae-mnist")
K = vqvae.codebook_size  # 128
prior = pretrained.retrain("prior-mnist", images.train)[0] if RETRAIN else pretrained.load("prior-mnist")


def pictures(indices):
    return torch.sigmoid(vqvae.decode(indices.view(-1, 7, 7)))  # (N, 49) or (N, 7, 7) -> (N, 1, 28, 28)


# %%
seeded = torch.Generator().manual_seed(5)
opening = {f"{digit}": pictures(prior.sample(12, labels=digit, guidance=2.0, generator=seeded)) for digit in (3, 5, 8)}
rows = {f"asked for: {name}": x.numpy() for name, x in opening.items()}
plots.image_grid(rows, "Nobody wrote these digits. A network drew them, one code at a time")

# %% [markdown]
# The VQ-VAE of notebook 07 turns an image into 49 whole numbers and back. The 36 digits above did not start as images: a second network wrote 49 numbers for each of them, and the decoder of notebook 07 turned the numbers into pictures. How does a network write numbers that fit together?
#
# **After this notebook you can**
#
# - explain why random codes decode to noise, and say in bits how far the codes of real images are from random,
# - compute attention by hand for three tokens, write a causal transformer, and train it on code maps,
# - use its predictions to store code maps in a file and get them back without loss, and compare the length of the file with the bits that the model predicts,
# - draw digits of a given class or from a given beginning, choose a temperature and a guidance weight, and check that the samples are not copies,
# - explain what the cache of keys and values saves, and how masked and diffusion models draw codes instead.
#
# **Time:** 85 minutes, and 70 for the exercises, two of which are long. **Builds on:** [07 The VQ-VAE](07_vqvae.ipynb). **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("code_prior.last-index", "code_prior.last-rate", "code_prior.last-usage")

# %% [markdown]
# ## 1. Random codes
#
# The decoder of the VQ-VAE turns *any* map of $7 \times 7$ indices into an image, and there are $128^{49} \approx 10^{103}$ such maps. So here is a very simple generator: roll a 128-sided die 49 times and decode the result. Every code is in use, so every code means something. Is that enough?

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 7 minutes.**
# >
# > - **Ask:** "Each of the 128 codes occurs in real digits. Why should 49 codes chosen at random not make a digit?"
# > - **Usually answered:** "Because some codes are rare." If that were the reason, the second row should look better, since it draws each code as often as it occurs.
# > - **Show:** The four rows from the top. Let the room say what separates row 2 from row 4.

# %%
widgets.Prediction("code_prior.random-maps")

# %%
generator = torch.Generator().manual_seed(0)
codes = torch.cat([vqvae.encode(part) for part in images.train.x.split(1000)])  # (60000, 7, 7)
codes_test = torch.cat([vqvae.encode(part) for part in x_test.split(1000)])  # (10000, 7, 7)

uniform = torch.randint(K, (12, 7, 7), generator=generator)
shuffled = codes.flatten()[torch.randint(codes.numel(), (12, 7, 7), generator=generator)]  # as often as they occur

# %% [markdown] tags=["slide-45"]
# ## Random codes decode to noise

# %%
ae, vae = pretrained.load("ae-32d"), pretrained.load("vae-50d")
z = torch.randn(2, 12, 50, generator=generator)
rows = {
    "VQ-VAE, uniform codes": pictures(uniform).numpy(),
    "codes as often\nas they occur": pictures(shuffled).numpy(),
    "autoencoder, $N(0, I)$": torch.sigmoid(ae.decode(z[0, :, :32])).numpy(),
    "VAE, $N(0, I)$": torch.sigmoid(vae.decode(z[1])).numpy(),
}
plots.image_grid(rows, "Random codes decode to noise. Only the VAE was trained for random codes")

# %% [markdown]
# **What we saw.** None of the 24 random code maps decodes to a digit. (The autoencoder is luckier: its ninth image happens to be a 0.) The VAE was penalized whenever its codes strayed from $N(0, I)$, the distribution that we sample from, so sampling works. Nothing of the kind happens in the VQ-VAE: its KL is the constant $49 \log 128$, so nothing in the loss asks the codes of an image to be independent, or equally frequent.
#
# That is not a flaw. In notebook 01 the autoencoder lacked a $p(z)$, and we saw two ways to get one. The VAE took one of them. This is the other: **train first, and fit a distribution to the codes afterward**. Because codes are whole numbers, this distribution is in principle a table of probabilities, but one with $128^{49}$ entries.

# %%
widgets.Quiz("code_prior.right-frequencies")

# %% [markdown]
# ## 2. How far from random are real codes?
#
# If a code has probability $p$, the best way of storing it takes $-\log_2 p$ bits, its **surprise**. The average surprise is the **entropy** $H = -\sum_k p_k \log_2 p_k$. For 128 equally likely codes it is 7 bits. Real codes are not equally likely, and they depend on each other. How many bits can that save?
#
# We can simply count. In the 60,000 training maps we count single codes, codes at each position, and pairs of neighbors. The average cost of a code once its neighbor is known is the *conditional* entropy: the entropy of the pair minus that of the neighbor alone.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "You know the code to the left. How many of the 128 codes are still likely here?"
# > - **Usually answered:** Between 5 and 20. In fact one neighbor leaves about 5 bits, the same as a choice among 32 equally likely codes; all earlier codes together leave about 2.5 bits (section 5), the same as a choice among 6.
# > - **Show:** The map of entropies. Where is it white, and why?


# %%
def entropy(counts):
    p = counts / counts.sum(-1, keepdim=True)
    return torch.special.entr(p).sum(-1) / math.log(2)  # (*, K) -> (*), bits


def entropy_given(k, known):
    pairs = torch.bincount((known * K + k).flatten(), minlength=K * K)  # each value of `known` with each k
    known = torch.bincount(known.flatten(), minlength=K)
    return entropy(pairs) - entropy(known)  # H(k | known) = H(k, known) - H(known)


# %%
by_position = torch.stack([torch.bincount(column, minlength=K) for column in codes.flatten(1).T])  # (49, K)
inner = torch.arange(49).view(7, 7)[1:, 1:].flatten()  # the 36 positions that have both neighbors
bits = {
    "if every code were equally likely": math.log2(K),
    "by its frequency": entropy(by_position[inner].sum(0)).item(),
    "given the code to the left": entropy_given(codes[:, 1:, 1:], codes[:, 1:, :-1]).item(),
    "given its position": entropy(by_position[inner]).mean().item(),
    "given the code above": entropy_given(codes[:, 1:, 1:], codes[:, :-1, 1:]).item(),
}
for name, value in bits.items():
    print(f"{name:34s} {value:.2f} bits per code")

# %%
ones = codes[images.train.y == 1].flatten(1)  # (6742, 49)
of_ones = torch.stack([torch.bincount(column, minlength=K) for column in ones.T])
shown = {name: entropy(found).view(7, 7).numpy() for name, found in (("all digits", by_position), ("ones", of_ones))}
plots.bit_maps(shown, "A code costs 1 to 2 bits in the corners and over 6 in the middle; in ones, less everywhere")

# %% [markdown]
# **What we saw.** Whatever we know about a code saves bits: its frequency, a neighbor, its position, and also which digit it belongs to, as the second map shows for the ones. (All five lines are about the same codes: those at the 36 positions that have a neighbor both on the left and above.)
#
# We would like to use everything at once, but counting does not scale. A table for "given the code to the left and the code above" has $128^3 \approx 2$ million entries, one for each combination of the two neighbors and the code itself; a table for all 48 other codes would have $128^{49}$. Instead of looking the probabilities up, we need something that *computes* them from the codes that came before.

# %%
widgets.Quiz("code_prior.three-neighbours")

# %% [markdown]
# ## 3. The product rule, and attention
#
# We read the map row by row as $k_1, \dots, k_{49}$. The product rule of probability then gives, for any distribution and without any assumption,
#
# $$p(k_1, \dots, k_{49}) = p(k_1)\; p(k_2 \mid k_1)\; p(k_3 \mid k_1, k_2) \cdots p(k_{49} \mid k_1, \dots, k_{48}).$$
#
# So a network that predicts the next code from the earlier ones defines a distribution over whole maps. Such a model is called **autoregressive**. Van den Oord and others (2017, section 4) used a PixelCNN for this, a convolutional network that sees only earlier positions, and Razavi and others (2019) added attention to it. We use a **transformer** (Vaswani and others 2017), because notebook 09 and today's large language models use one too.
#
# A transformer works on a sequence of **tokens**, whole numbers from a fixed *vocabulary*; we call each place in the sequence a **slot**. (Papers say *position*, a word that we need for the places in the map.) Our tokens are the 128 codes and a **start token**, number 128, which precedes the first code. During training the network is given the real codes, shifted by one slot, and predicts all 49 of them in a single pass. This is called **teacher forcing**:

# %%
sequence = codes[:1].flatten(1)  # (1, 49)
start = torch.full((1, 1), K)
inputs = torch.cat([start, sequence[:, :-1]], 1)  # (1, 49): the start token, then the first 48 codes
print("input: ", inputs[0, :9].tolist())
print("target:", sequence[0, :9].tolist())

# %% [markdown]
# Each target is also the input of the next slot, so the network must not look ahead: slot $i$ may use the inputs of slots 1 to $i$ and no later one. This is **causality**.
#
# **Attention** is how slots exchange information. Inside the network each slot has a vector, which at first depends only on its own token and its place. Three linear maps turn this vector into three others: a *query* (what am I looking for?), a *key* (what do I have to offer?), and a *value* (what do I pass on?). The dot products of a slot's query with its own key and all earlier keys, divided by $\sqrt d$, are the scores. A softmax turns the scores into weights, and the result is the weighted mean of the values:
#
# $$a_{ij} = \operatorname*{softmax}_{j \le i}\; \frac{\mathrm{query}_i \cdot \mathrm{key}_j}{\sqrt{d}}, \qquad o_i = \sum_{j \le i} a_{ij}\, \mathrm{value}_j .$$
#
# Here $d$ is the length of a query. Dot products of longer vectors tend to be larger, and the division keeps the scores on one scale. Otherwise the softmax could give nearly all the weight to one slot before anything is learned.
#
# **Three tokens by hand.** Let $d = 1$, so that queries, keys, and values are numbers. The keys are $0$, $\ln 2$, and $2 \ln 2$; the values are $7$, $0$, and $14$; and the queries are $1$, $2$, and $1$.
#
# - Slot 1 sees only itself, with weight 1, so $o_1 = 7$.
# - Slot 2 has the scores $2 \cdot 0$ and $2 \cdot \ln 2$. Their exponentials are $1$ and $4$, which gives the weights $\frac15$ and $\frac45$. So $o_2 = \frac15 \cdot 7 + \frac45 \cdot 0 = 1.4$.
# - Slot 3 has the scores $0$, $\ln 2$, and $2 \ln 2$. Their exponentials are $1$, $2$, and $4$, which gives the weights $\frac17$, $\frac27$, and $\frac47$. So $o_3 = 1 + 0 + 8 = 9$.
#
# In code, we compute all slots at once. The scores of later slots become $-\infty$ before the softmax, so their weights are exactly 0:

# %%
query, key, value = torch.tensor([1.0, 2.0, 1.0]), math.log(2) * torch.arange(3), torch.tensor([7.0, 0.0, 14.0])
scores = query[:, None] * key[None, :]  # (3, 3): row i contains the scores of slot i
later = torch.ones(3, 3, dtype=torch.bool).triu(1)  # True where j > i
weights = scores.masked_fill(later, -math.inf).softmax(1)
print(weights)
print("o =", [round(o, 2) for o in (weights @ value).tolist()])

# %% [markdown]
# Attention in a real transformer differs from this example in three ways. Queries, keys, and values are vectors. There are several **heads**, each with its own share of the vector, so that different heads can look at different places. And one more linear map mixes what the heads return.

# %% [markdown] tags=["slide-45"]
# ## A prior over codes, one code at a time
#
# $$p(k_1, \dots, k_{49}) = p(k_1)\; p(k_2 \mid k_1) \cdots p(k_{49} \mid k_1, \dots, k_{48})$$
#
# A transformer computes each factor. To generate, draw $k_1$, then $k_2$ given $k_1$, and so on; then decode all 49.

# %% [markdown] tags=["slide-90"]
# ## Attention looks back at the earlier codes
#
# $$a_{ij} = \operatorname*{softmax}_{j \le i}\; \frac{\mathrm{query}_i \cdot \mathrm{key}_j}{\sqrt{d}}, \qquad o_i = \sum_{j \le i} a_{ij}\, \mathrm{value}_j$$
#
# The mask $j \le i$ hides what comes later. Without it, predicting the next code would be copying.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 15 minutes.**
# >
# > - **Ask:** "What happens if the mask is forgotten?"
# > - **Usually answered:** "It trains worse." It trains far too well: each slot copies its answer from the next input, the loss goes to 0, and sampling fails.
# > - **Show:** The three tokens on the board, then the class, line by line against the example. Those who want to write attention themselves should do exercise 1 before reading on.


# %%
class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        n, t, width = x.shape
        parts = self.query_key_value(x).view(n, t, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (N, heads, t, d) with d = width / heads
        scores = query @ key.transpose(2, 3) / math.sqrt(width // self.heads)  # (N, heads, t, t)
        later = torch.ones(t, t, dtype=torch.bool).triu(1)  # True where j > i
        a = scores.masked_fill(later, -math.inf).softmax(-1)  # each row sums to 1, later slots have weight 0
        o = a @ value  # (N, heads, t, d)
        return self.output(o.transpose(1, 2).reshape(n, t, width))


# %% [markdown]
# **A block** is attention followed by a small MLP that works on each slot by itself. (GELU is a smooth ReLU.) Both *add* their output to the vector that is already there, so each has to compute only a correction. A LayerNorm before each of them keeps the numbers on one scale: it shifts and rescales the vector of each slot to mean 0 and variance 1, and then applies a learned scale and shift.


# %%
class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        return x + self.mlp(self.mlp_norm(x))


# %% [markdown]
# **The transformer** looks up a vector for each token and adds a learned vector for its slot, because attention by itself ignores the order of the tokens. After the blocks, one linear layer computes the logits of the next token. (The code calls this layer `head`, which has nothing to do with the heads of the attention.)


# %%
class Transformer(nn.Module):
    def __init__(self, vocabulary_size, length, width, depth, heads):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary_size, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary_size, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.1)
        nn.init.normal_(self.positions, std=0.1)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions[: tokens.shape[1]]  # (N, t) -> (N, t, width)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))  # (N, t, vocabulary_size)


# %% [markdown]
# That is the whole model, in about 40 lines. Is it causal? We change the input token of slot 20 and list the slots whose logits change.

# %%
torch.manual_seed(0)
model = Transformer(K + 1, 49, width=64, depth=3, heads=4)
changed = inputs.clone()
changed[0, 20] = (changed[0, 20] + 1) % K
moved = (model(changed) - model(inputs)).abs().amax(2)[0] > 0  # (49,)
print("slots whose logits change:", moved.nonzero().flatten().tolist())

# %% [markdown]
# Slots are counted from 0 here. The logits of slot 20 may change, because they predict the code that comes after the changed input. Those of the 20 slots before it do not change, just as causality requires.

# %%
widgets.Quiz("code_prior.triu")

# %% [markdown]
# ## 4. Training
#
# The logarithm turns the product into a sum, so the loss of a map is the sum of 49 cross-entropies, one per code, as in any classifier with 128 classes. We divide it by $49 \log 2$ to get **bits per code**, the unit of the counts in section 2. (By default `F.cross_entropy` returns the mean over all codes, so the code below only divides by $\log 2$.) The learning rate rises during the first tenth of the steps, because large first steps can throw an untrained network off course, and then falls almost to 0, so that the weights can settle.


# %%
def bits_per_code(model, sequences):
    start = torch.full((len(sequences), 1), K)
    logits = model(torch.cat([start, sequences[:, :-1]], 1))[..., :K]  # (N, 49, K): the start token is never a target
    return F.cross_entropy(logits.flatten(0, 1), sequences.flatten()) / math.log(2)


# %%
widgets.Prediction("code_prior.few-seconds")

# %%
torch.set_grad_enabled(True)
batches = torch.randperm(len(codes))[: 60_000 if LONGER else 12_000].split(32)
optimizer = torch.optim.Adam(model.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=len(batches), pct_start=0.1)
losses = []
for batch in batches:
    loss = bits_per_code(model, codes[batch].flatten(1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    losses.append(loss.item())

# %%
torch.set_grad_enabled(False)
live = bits_per_code(model, codes_test[:1000].flatten(1)).item()
print(f"first batch {losses[0]:.1f} bits per code; 1,000 test maps after training {live:.1f}")

# %%
steps = list(range(1, len(losses) + 1))
curves = {"training batch": (steps, losses), "test maps, at the end": (steps[-1:], [live])}
counts = {"count: frequency": by_position.sum(0), "count: frequency at the position": by_position}
curves |= {name: ([1, steps[-1]], [entropy(found).mean().item()] * 2) for name, found in counts.items()}
plots.lines(
    curves,
    "Within a hundred batches the transformer needs fewer bits than either count",
    "training step (32 maps each)",
    "bits per code",
    colors={"training batch": "prior", "test maps, at the end": "data"} | dict.fromkeys(counts, "#777777"),
    dashed=counts,
    marker=".",
)

# %% [markdown]
# **What we saw.** The curve begins a little above 7 bits, as it should, because guessing among 128 codes takes 7 bits and the untrained network does slightly worse. It soon drops below the two counts over all 49 positions, drawn as dashed lines, although the network has seen only 12,000 maps and stores no table. The black point at the end shows that test maps cost about as much as the last training batches. That was to be expected: each training map was used only once, so every batch was as new to the network as the test maps are.

# %%
widgets.Quiz("code_prior.beats-counts")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · The larger task: your own attention, your own prior
#
# **★★★ · 35 minutes.** Build a prior from an empty cell, without copying section 3. Yours gets something that the one of section 4 did not: the **digit**. Its first token is therefore one of ten start tokens instead of always the same one.
#
# **Contract:** `my_build_prior(codes, labels)`: 20,000 code maps (20000, 49) of codes 0 to 127 and their digits (20000,) → a function or module `predict(codes, labels)`, which takes (n, 49) and (n,) and returns logits (n, 49, 128). Those at position i are computed from the label and the codes before position i, and from nothing else. Training happens inside `my_build_prior`. Your prior should need at most 3.30 bits per code on 1,000 test maps, and building it may take at most 60 seconds on two cores (the checker stops it after 100 seconds of computing). The checker calls a module's `.eval()` first. Do not use `nn.MultiheadAttention`, `nn.Transformer`, `F.scaled_dot_product_attention`, or `vqedu.models`.
#
# Write and test the attention first: if you change input 20, which outputs change? Then assemble two blocks and train with Adam.


# %% tags=["starter"]
def my_build_prior(codes, labels):
    def predict(codes, labels):
        return ...

    return ...


# %%
checks.build_prior(my_build_prior)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_build_prior(codes, labels):
#     width, heads = 64, 4
#     later = torch.ones(49, 49, dtype=torch.bool).triu(1)
#
#     class Layer(nn.Module):
#         def __init__(self):
#             super().__init__()
#             self.norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
#             self.query_key_value, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
#             self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
#
#         def forward(self, x):  # (n, 49, width)
#             parts = self.query_key_value(self.norm(x)).unflatten(2, (3, heads, -1))
#             query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (n, heads, 49, width / heads)
#             scores = query @ key.mT / math.sqrt(width // heads)
#             o = scores.masked_fill(later, -math.inf).softmax(-1) @ value
#             x = x + self.output(o.transpose(1, 2).flatten(2))
#             return x + self.mlp(self.mlp_norm(x))
#
#     class Prior(nn.Module):
#         def __init__(self):
#             super().__init__()
#             self.tokens = nn.Embedding(128 + 10, width)  # 128 codes, ten start tokens
#             self.slots = nn.Parameter(0.1 * torch.randn(49, width))
#             nn.init.normal_(self.tokens.weight, std=0.1)
#             self.layers = nn.Sequential(Layer(), Layer())
#             self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 128))
#
#         def forward(self, codes, labels):
#             seen = torch.cat([128 + labels[:, None], codes[:, :-1]], 1)  # (n, 49)
#             return self.head(self.layers(self.tokens(seen) + self.slots))
#
#     model = Prior()
#     batches = torch.cat([torch.randperm(len(codes)) for _ in range(2)]).split(32)
#     optimizer = torch.optim.Adam(model.parameters())
#     schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=len(batches), pct_start=0.1)
#     for batch in batches:
#         logits = model(codes[batch], labels[batch])
#         loss = F.cross_entropy(logits.flatten(0, 1), codes[batch].flatten())
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#         schedule.step()
#     return model
# ```
#
# It needs about 2.9 bits per code after some 20 seconds of training on two cores.
#
# </details>

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Bug hunt: too good to be true
#
# **★★☆ · 8 minutes.** With the loss `planted` below, a prior reaches nearly 0 nats per image within minutes, and its samples repeat one code forever. Find the bug, and write the loss as it should be.
#
# **Contract:** `my_prior_loss(logits, tokens)`: logits (N, L, K) and whole numbers (N, L); logits[:, i] were computed from tokens[:, : i + 1] and predict the next token → one number: nats per image, averaged over the batch, for the L - 1 tokens that are predicted.


# %% tags=["starter"]
def planted(logits, tokens):
    losses = F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum")
    return losses / len(tokens)


def my_prior_loss(logits, tokens):
    return ...  # the same without the bug


# %%
checks.prior_loss(my_prior_loss)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_prior_loss(logits, tokens):
#     predicted, next_tokens = logits[:, :-1], tokens[:, 1:]  # logits[:, i] predict token i + 1
#     losses = F.cross_entropy(predicted.flatten(0, 1), next_tokens.flatten(), reduction="sum")
#     return losses / len(tokens)
# ```
#
# The planted loss compares logits[:, i] with token i, which the network has just been given. So the network learns to repeat its input, and a sample repeats its first code.
#
# </details>

# %% [markdown]
# ## 5. What an image costs, and what the heads look at
#
# From here on we use the prior that ships with the course: the same transformer, wider (96 instead of 64) and deeper (4 blocks instead of 3), with 479,000 weights. It was trained for half an hour, first on slightly shifted and rotated copies of the digits and then on the digits themselves, with the optimizer Muon (Jordan and others 2024). Its start token is the **class** of the image or "any class"; in training it was "any class" half of the time. So one network represents both $p(k)$ and $p(k \mid y)$, where $k$ stands for the whole map and $y$ for the digit.
#
# For comparison, we also compute what the test maps cost if we use only the frequencies of section 2 (`rates.by_shares`). This time we average over all 49 positions. The 13 more that section 2 left out lie in the upper row and the left column, where codes are cheap, so the numbers per code are lower here.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 14 minutes.**
# >
# > - **Ask:** "A better prior changes no weight of the VQ-VAE. What does it change?"
# > - **Usually answered:** "The images get sharper." They do not. They cost fewer bits, and samples get better.
# > - **Show:** The bars. Then the attention maps: which head looks up? Then the surprise map: let the room find the most expensive code of each image and explain it.

# %%
some, labels = codes_test[:1000], y_test[:1000]
log_prob = prior.log_prob(some)  # (1000,), nats
lengths = {
    "every code equally likely": 49 * math.log2(K),
    "frequency": rates.by_shares(some, rates.shares(codes, K)).mean().item(),
    "frequency at the position": rates.by_shares(some, rates.shares(codes, K, by_position=True)).mean().item(),
    "small transformer, section 4": 49 * live,
    "shipped prior": -log_prob.mean().item() / math.log(2),
    "shipped prior, class given": -prior.log_prob(some, labels).mean().item() / math.log(2),
}
for name in ("every code equally likely", "frequency", "frequency at the position", "shipped prior"):
    print(f"{name:26s} {lengths[name]:3.0f} bits per image, {lengths[name] / 49:.2f} per code")

# %% [markdown] tags=["slide-180"]
# ## Seeing all earlier codes saves the most bits

# %%
plots.named_bars(
    lengths,
    "The shipped prior needs little more than a third of the 343 bits",
    "bits per image, mean of 1,000 test images",
    colors={"every code equally likely": "#909090"},
)

# %% [markdown]
# **Where do the heads look?** The shipped prior has 4 blocks with 4 heads each. We take the slot that predicts the code in the very middle of the map and read off its attention weights, averaged over 300 test maps.


# %%
def attention_of(block, x):
    parts = block.attention.query_key_value(block.attention_norm(x))
    query, key, _ = parts.view(len(x), 49, 3, prior.heads, -1).permute(2, 0, 3, 1, 4)
    scores = query @ key.transpose(2, 3) / math.sqrt(key.shape[-1])
    return scores.masked_fill(torch.ones(49, 49, dtype=torch.bool).triu(1), -math.inf).softmax(-1)


def attention_maps(maps, slot):
    seen = torch.cat([prior.start(len(maps)), maps.flatten(1)[:, :-1]], 1)
    x, rows = prior.transformer.tokens(seen) + prior.transformer.positions, []
    for block in prior.transformer.blocks:
        rows.append(attention_of(block, x)[:, :, slot].mean(0))  # (heads, 49)
        x = block(x)
    return torch.stack(rows)  # (blocks, heads, 49)


# %% [markdown] tags=["slide-180"]
# ## Nobody told the heads about rows

# %%
weights = attention_maps(codes_test[:300], slot=24)
on_codes = F.pad(weights[..., 1:], (0, 1)).view(4, 4, 7, 7)  # input slot j + 1 is the code at position j
title = "Several heads attend to neighbors, although the network was never told about rows"
plots.attention_maps(on_codes.numpy(), weights[..., 0].numpy(), 24, title)

# %% [markdown]
# The square marks the code to be predicted. Head 4 of block 2 puts 92% of its weight on the code directly above, head 3 of the same block puts 97% on the code above and to the left, and head 3 of block 3 puts 94% on the code two places to the left. The network was never told that the sequence is a map with rows of seven. No head puts its largest weight on the code directly to the left, and none needs to, because that code is the input of this very slot.
#
# **Which codes are expensive?** Each code has a surprise of its own, $-\log_2 p(k_i \mid k_1, \dots, k_{i-1})$. Here it is for five test images, code by code.


# %%
def surprise(indices):
    log_p = prior(indices).log_softmax(-1)  # (N, 49, K)
    return -log_p.gather(2, indices.flatten(1).unsqueeze(2)).view(-1, 7, 7) / math.log(2)  # bits


first = codes_test[:5]
title = "A code costs 0 to 10 bits, and the most expensive ones lie on or next to a stroke"
plots.surprise(pictures(first).numpy(), surprise(first).numpy(), title)

# %%
bits_of = surprise(some)  # (1000, 7, 7)
has_ink = (x_test[:1000, 0] > 0.5).view(-1, 7, 4, 28).any(3).any(2)  # (1000, 7): which rows of the map have ink
last_row = (has_ink * torch.arange(1, 8)).amax(1)  # the number of rows down to the last ink
below = torch.arange(7) >= last_row[:, None]  # (1000, 7)
print(f"rows down to the last ink: {bits_of[~below].mean():.1f} bits per code")
print(f"blank rows below the ink:  {bits_of[below].mean():.1f} bits per code")

# %% [markdown]
# **What we saw.** The 1 costs 54 bits, less than half as much as the 2 or the 0: its stroke is short, and 1s resemble each other. The blank rows below a finished digit are cheaper than the rest, 1.2 bits per code against 2.6, though not free, because the prior cannot be certain that the digit is finished. The most expensive codes lie on or next to a stroke, where the codes so far leave open how the stroke continues.
#
# We can now return to a number from notebook 07, where the rate was a constant, $49 \log K = 238$ nats per image. The learned prior lowers it after the VQ-VAE has been trained, without touching the encoder, codebook, or decoder:

# %%
nats = -log_prob.mean().item()
distortion = vqvae.loss(x_test[:1000]).reconstruction.item()
for name, rate in {"uniform prior": 49 * math.log(K), "learned prior": nats}.items():
    print(
        f"{name}: {rate:.0f} nats for the codes + {distortion:.0f} for the pixels = {rate + distortion:.0f} per image"
    )

# %% [markdown]
# The last number of each line is an upper bound on $-\log p(x)$, just as minus the ELBO is. The reason is that $p(x) = \sum_k p(k)\, p(x \mid k)$ is a sum over all maps, and we keep only one of its terms, that of the map from the encoder. All terms are positive, so one of them is smaller than their sum, and its $-\log$ is larger.

# %%
widgets.Quiz("code_prior.better-prior")

# %% [markdown]
# ## 6. Predicting is compressing
#
# Under the prior, the codes of a test image cost 123 bits on average. Can we really store them in that many? Yes, with an **arithmetic coder** (MacKay 2003, chapter 6). It keeps an interval, at first $[0, 1)$. For each code it cuts the interval into 128 parts, whose widths are proportional to the probabilities of the codes, and continues with the part that belongs to the actual code. A likely code narrows the interval only a little, while an unlikely one narrows it a lot.
#
# At the end, any number inside the interval stands for the whole map. In an interval of width $\Delta$ there is always a number with about $-\log_2 \Delta$ binary digits, because the numbers with $n$ binary digits lie $2^{-n}$ apart. And $\Delta$ is the product of the probabilities, so $-\log_2 \Delta$ is the surprise of the whole map, and the file is only a few bits longer.
#
# To decode, we run the same prior on the codes decoded so far and cut the interval in the same way. The part that contains the number belongs to the next code.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 9 minutes.**
# >
# > - **Ask:** "The file contains no probabilities. How does the decoder know where the interval was cut?"
# > - **Usually answered:** "They must be sent along." The decoder runs the same prior on the codes that it has decoded so far.
# > - **Show:** The strips, from the top. Then the printed sizes: the model's own bits and the file.

# %%
probabilities = prior(codes_test[:1]).softmax(-1)[0, :4].numpy()  # (4, K): of the first four codes
chosen = codes_test[0].flatten()[:4].tolist()
plots.intervals(probabilities, chosen, "Each code multiplies the width of the interval by its probability")

# %%
maps = codes_test[:200].flatten(1)  # (200, 49)
file = coding.encode(prior, maps)
decoded = coding.decode(prior, file)
print("codes that came back wrong:", (decoded != maps).sum().item(), "of", maps.numel())
print(f"the model's own bits: {coding.bits(prior, maps) / 8 / 1000:.2f} kB")
print(f"the file:             {len(file) / 1000:.2f} kB; with 7 bits per code {200 * 49 * 7 / 8 / 1000:.2f} kB")

# %% [markdown]
# **One trap.** The decoder must compute *exactly* the encoder's probabilities. If even the last digit of one probability differs, a cut between two parts moves, and from that code on every decoded code may be wrong. But the encoder has all codes and runs the network once, while the decoder runs it code by code. The sums are then computed in a different order, so their last digits differ:

# %% tags=["nbval-ignore-output"]
exact = models.CodePrior(K, class_dropout=0.5).double().eval()
exact.load_state_dict(prior.state_dict())
at_once = exact(maps[:1])[0]  # (49, K)
one_by_one = torch.stack(
    [exact.transformer(torch.cat([exact.start(1), maps[:1, :i]], 1))[0, -1, :K] for i in range(49)]
)
print(f"largest difference of two logits, with 64-bit numbers: {(at_once - one_by_one).abs().max():.0e} nats")

# %% [markdown]
# So our module `coding` computes with 64-bit numbers and rounds each logit to a multiple of 1/64 nat before it does anything else. Differences of this size then practically never matter: a logit would have to lie almost exactly halfway between two multiples to be rounded differently. The file also contains a checksum, so that a wrong prior leads to an error instead of a wrong image:

# %%
try:
    coding.decode(models.CodePrior(K), file)
except ValueError as error:
    print(error)

# %%
widgets.Quiz("code_prior.shorter-file")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · A smaller task: an arithmetic coder in exact fractions
#
# **★★★ · 25 minutes.** Python's `fractions.Fraction` computes without any rounding, so with it you can write the coder exactly as the figure shows it. Your coder must decode its own strings, using nothing but the string, the number of codes, and the model.
#
# **Contract:** `my_build_coder(probabilities)`: `probabilities` is a function that takes the list of codes so far and returns a list of K fractions, all above 0, that sum to 1 → two functions `encode, decode`. `encode(codes)` returns a string of "0" and "1", and `decode(bits, length)` returns the list of codes. The string is read as a binary fraction, so "101" is 1/2 + 1/8. It may have at most $\lceil -\log_2 p \rceil + 1$ characters, where p is the product of the codes' probabilities. You may call `probabilities` only with the list of all codes that precede the one being coded.


# %% tags=["starter"]
def my_build_coder(probabilities):
    def encode(codes):
        return ...

    def decode(bits, length):
        return ...

    return encode, decode


# %%
checks.build_coder(my_build_coder)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# from fractions import Fraction
#
#
# def my_build_coder(probabilities):
#     def narrowed(low, width, before, code):
#         parts = probabilities(before)
#         return low + width * sum(parts[:code], Fraction(0)), width * parts[code]
#
#     def encode(codes):
#         low, width = Fraction(0), Fraction(1)
#         for i, code in enumerate(codes):
#             low, width = narrowed(low, width, codes[:i], code)
#         n = 0
#         while math.ceil(low * 2**n) >= (low + width) * 2**n:  # no multiple of 1 / 2**n inside yet
#             n += 1
#         return format(math.ceil(low * 2**n), f"0{n}b") if n else ""
#
#     def decode(bits, length):
#         number = Fraction(int(bits or "0", 2), 2 ** len(bits))
#         codes, low, width = [], Fraction(0), Fraction(1)
#         for _ in range(length):
#             code, parts, end = 0, probabilities(codes), low
#             while end + width * parts[code] <= number:
#                 end, code = end + width * parts[code], code + 1
#             low, width = end, width * parts[code]
#             codes.append(code)
#         return codes
#
#     return encode, decode
# ```
#
# </details>

# %% [markdown]
# ## 7. Drawing new digits
#
# To draw from $p(k_1, \dots, k_{49})$, draw $k_1$, append it to the input, draw $k_2$, and so on. This is **ancestral sampling**, as in the VAE, where we drew $z$ first and then the image. Before each draw we can reshape the probabilities in two ways:
#
# - **temperature** $T$: divide the logits by $T$. With $T$ below 1, likely codes become even more likely; with $T$ above 1, the probabilities become more equal.
# - **top-k sampling**: only the `top_k` likeliest codes can be drawn.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "Why not take the likeliest code at every step? That should give the most perfect digit."
# > - **Usually answered:** Most people agree. Then show the last row: the same image every time, and not even a digit.
# > - **Show:** All rows at once. Which one would the room publish, and which one is the model's own distribution?


# %%
def next_probabilities(logits, temperature=1.0, top_k=K):
    kept, places = logits.topk(top_k)  # (N, top_k)
    logits = torch.full_like(logits, -math.inf).scatter(1, places, kept)
    return (logits / temperature).softmax(1)  # (N, K)


def sample(n, temperature=1.0, top_k=K, generator=None):
    tokens = torch.full((n, 1), K)  # "any class"
    for _ in range(49):
        logits = prior.transformer(tokens)[:, -1, :K]  # (n, K): only the last slot is needed
        drawn = torch.multinomial(next_probabilities(logits, temperature, top_k), 1, generator=generator)
        tokens = torch.cat([tokens, drawn], 1)
    return tokens[:, 1:]  # (n, 49)


# %%
ours = sample(4, generator=torch.Generator().manual_seed(0))
theirs = prior.sample(4, generator=torch.Generator().manual_seed(0))
print("codes in which our loop and `prior.sample` differ:", (ours != theirs).sum().item(), "of", ours.numel())

# %% [markdown] tags=["slide-90"]
# ## Why not take the likeliest code at every step?

# %%
widgets.Prediction("code_prior.argmax")

# %% [markdown] tags=["slide-90"]
# ## The likeliest code at every step: two dashes

# %%
settings = {"T = 1": {}, "T = 0.7": {"temperature": 0.7}, "T = 2": {"temperature": 2.0}}
settings |= {"top_k = 5": {"top_k": 5}, "top_k = 1 (argmax)": {"top_k": 1}}
drawn = {
    name: prior.sample(300, generator=torch.Generator().manual_seed(1), **setting) for name, setting in settings.items()
}
rows = {name: pictures(indices[:12]).numpy() for name, indices in drawn.items()}
plots.image_grid(rows, "At T = 2 most samples fall apart, and argmax draws the same two dashes every time")

# %% tags=["nbval-ignore-output"]
judge = pretrained.load("classifier-mnist")
print("                      bits per map   different maps   read as 1, 7 or 9")
for name, indices in drawn.items():
    cost = -prior.log_prob(indices).mean().item() / math.log(2)
    easy = torch.isin(judge.predict(pictures(indices)), torch.tensor([1, 7, 9])).float().mean()
    print(f"{name:20s}  {cost:12.0f}   {len(indices.unique(dim=0)):14d}   {easy:17.0%}")
real = -prior.log_prob(codes_test[:1000]).mean().item() / math.log(2)
print(
    f"{'test images':20s}  {real:12.0f}   {1000:14d}   {torch.isin(y_test[:1000], torch.tensor([1, 7, 9])).float().mean():17.0%}"
)

# %% [markdown]
# **What we saw.** At $T = 1$ a sample costs about as many bits as a real image. It should, if the maps that the prior draws are distributed like those of real images, because then both numbers estimate the same average. (The column always shows the cost under the prior at $T = 1$, whatever the sample was drawn with.) At $T = 0.7$ it costs 94 bits instead of 122, at the expense of variety: 54% of the samples are read as a 1, a 7, or a 9, although these digits make up only 32% of the test images.
#
# The argmax row deserves a second look. Taking the likeliest code every time always gives the same map, and it decodes to two dashes. A typical image costs over 100 bits *because* at many positions its code is only one of several likely ones. A map that has the likeliest code everywhere is not typical at all. Think of a coin that lands heads with probability 0.6: the single likeliest sequence of 100 flips is 100 heads, and you will never see it.

# %%
widgets.Quiz("code_prior.cold-samples")

# %% [markdown] tags=["exercise"]
# ### Exercise 4 · Break it: boil the prior
#
# **★☆☆ · 4 minutes.** Find a temperature at which all the training is wasted, because sampling is no better than rolling dice. Your function should work for any logits.
#
# **Contract:** `my_noise_temperature(logits)`: (K,) → a temperature at which the next code is nearly uniformly distributed.


# %% tags=["starter"]
def my_noise_temperature(logits):
    return 1.0


# %%
checks.noise_temperature(my_noise_temperature)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_noise_temperature(logits):
#     return 20 * float(logits.std())  # far above the spread of the logits
# ```
#
# </details>

# %% [markdown]
# ## 8. Are they good? The judge, the VAE, and copies
#
# We have used a classifier as a judge. Before we lean on it, let us see what its verdicts are worth. It reads nearly all test images correctly, but it was trained on digits only and never had the option to answer "this is not a digit". How certain is it about images that are not digits?

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "How would you find out that a generator only copies its training images?"
# > - **Usually answered:** "Look at the nearest training image." Good, but nearest compared with what? Test images have near neighbors too.
# > - **Show:** The table of the judge first, then VAE and prior side by side, then the nearest neighbors.

# %% tags=["nbval-ignore-output"]
vae_samples = torch.sigmoid(vae.decode(torch.randn(500, 50, generator=torch.Generator().manual_seed(0))))
judged = {
    "test images": x_test[:500],
    "samples of the prior, T = 1": pictures(drawn["T = 1"]),
    "samples of the VAE": vae_samples,
    "random codes, decoded": pictures(torch.randint(K, (500, 49), generator=torch.Generator().manual_seed(0))),
    "the two dashes of argmax": pictures(drawn["top_k = 1 (argmax)"][:1]),
}
print(f"the judge reads {(judge.predict(x_test) == y_test).float().mean():.1%} of the test images correctly")
for name, x in judged.items():
    certain = (judge(x).softmax(1).amax(1) > 0.95).float().mean()
    print(f"{name:28s} more than 95% certain in {certain:4.0%} of cases")

# %% [markdown]
# The judge is more than 95% certain about more than a third of the random code maps, and about the two dashes. So high certainty says little by itself. Only where we know what *should* be drawn, as with a class below, does the judge's agreement mean something. Papers compare many samples with many real images instead: both are fed to a pretrained network, and the means and covariances of its activations are compared. The most common such measure is the Fréchet inception distance (FID; Heusel and others 2017).
#
# For twelve images, your eyes are still the better instrument:

# %%
rows = {"VAE, $N(0, I)$": vae_samples[:12].numpy()}
rows |= {f"VQ-VAE, prior at {T}": pictures(drawn[T][:12]).numpy() for T in ("T = 1", "T = 0.7")}
plots.image_grid(rows, "Some samples of the VAE are blurred; the prior's strokes are crisp but sometimes go astray")

# %% [markdown]
# **Are they copies?** For each sample we look for the training map that agrees with it in the most positions. A number alone would mean little, so we do the same with test maps, which cannot be copies.

# %%
train_maps = codes.flatten(1).to(torch.uint8)  # (60000, 49)


def agreement_with_nearest(maps):
    return torch.stack([(train_maps == row).sum(1).amax() for row in maps.flatten(1).to(torch.uint8)]).float()


copied = {"samples at T = 1": drawn["T = 1"][:200], "test maps": codes_test[:200]}
for name, maps_of in copied.items():
    print(f"{name:17s} share {agreement_with_nearest(maps_of).mean():.0f} of 49 codes with the nearest training map")

# %% [markdown]
# **What we saw.** On average, samples are no closer to the training set than test images are. Had the prior memorized its training maps, the first number would be near 49.
#
# ## 9. Asking for something
#
# **A class.** With the class as its start token, the prior draws the digit that you ask for, most of the time. The start token is one input among many, and after a few unlucky draws the codes drawn so far can outweigh it. The remedy is to run the prior twice, with the class and without, and to go further in the direction in which the class moves the logits:
#
# $$\ell = \ell_{\text{any}} + w\, (\ell_{\text{class}} - \ell_{\text{any}}).$$
#
# Here $\ell_{\text{class}}$ and $\ell_{\text{any}}$ are the logits with and without the class. This is **classifier-free guidance** (Ho and Salimans 2022), and $w$ is its weight. Logits are logarithms of probabilities up to a constant, so in terms of probabilities each code is drawn from $p_{\text{any}} \left(p_{\text{class}} / p_{\text{any}}\right)^w$, suitably normalized: codes that the class makes more likely are favored, and more strongly so for larger $w$. With $w = 1$ the formula gives $\ell_{\text{class}}$, that is, sampling without guidance. With $w > 1$ we no longer draw from the prior's own distribution. Guidance needs both kinds of logits, which is why the prior was trained with and without the class.

# %% tags=["nbval-ignore-output"]
asked = torch.arange(10).repeat_interleave(30)  # (300,)
for w in (1.0, 2.0):
    guided = prior.sample(300, labels=asked, guidance=w, generator=torch.Generator().manual_seed(0))
    agrees = (judge.predict(pictures(guided)) == asked).float().mean()
    print(f"w = {w:.0f}: the judge reads the digit that was asked for in {agrees:.0%} of 300 samples")

# %%
rows = {f"asked for: {digit}": pictures(guided[30 * digit : 30 * digit + 8]).numpy() for digit in range(10)}
plots.image_grid(rows, "The start token decides the digit, and the draws decide the handwriting (w = 2)", size=0.95)

# %% [markdown]
# **A beginning.** Instead of starting from nothing, we can start from given codes. Here the prior gets the upper three rows of a map, 21 codes, and draws the other 28. Its start token is "any class".

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "The prior gets the upper three of the seven rows of a 2. What will it draw below?"
# > - **Usually answered:** "A 2, of course." Mostly, but the same beginning can also become a 3, or a 7.
# > - **Show:** The completions, then the count over 200 twos.

# %%
widgets.Prediction("code_prior.halves")

# %%
upper = codes_test[:8].flatten(1)[:, :21]  # (8, 21)
completed = prior.sample(8 * 5, prefix=upper.repeat_interleave(5, 0), generator=torch.Generator().manual_seed(0))
rows = {"the original": pictures(codes_test[:8]).numpy()}
rows |= {f"completion {i + 1}": pictures(completed[i::5]).numpy() for i in range(5)}
plots.image_grid(rows, "With the upper three rows of codes given and the rest drawn, several endings fit")

# %% tags=["nbval-ignore-output"]
twos = codes_test[y_test == 2][:200].flatten(1)
ended = prior.sample(200, prefix=twos[:, :21], generator=torch.Generator().manual_seed(0))
read = torch.bincount(judge.predict(pictures(ended)), minlength=10)
print("200 twos, upper three rows given, were completed to:", {digit: int(n) for digit, n in enumerate(read) if n})

# %% [markdown]
# **What we saw.** Where several digits are plausible, the same beginning leads to different ones: the 2 in the second column of the figure is completed to 2s and to 3s. Of 200 different beginnings of a 2, 145 became a 2 again according to the judge, and 27 became a 3. Because we draw at $T = 1$, each ending turns up with the probability that the prior assigns to it.

# %%
widgets.Quiz("code_prior.lower-half")

# %% [markdown]
# ## 10. The cache of keys and values
#
# Our `sample` is wasteful. To draw code 49 it sends the start token and all 48 earlier codes through the network again, although nothing about them has changed: by causality, later codes cannot affect them. In total it computes $1 + 2 + \dots + 49 = 1225$ slots for 49 codes.
#
# What does a new slot need from the earlier ones? By the formula for attention, only their keys and values, because the query of a slot is used for nothing but its own output. So we store the keys and values of each block in a **cache**, and send only the newest code through the network. For one block, by hand:

# %% tags=["nbval-ignore-output"]
attention = prior.transformer.blocks[0].attention
x = torch.randn(1, 49, prior.width, generator=torch.Generator().manual_seed(0))
keys, values, outputs = [], [], []
for i in range(49):
    query, key, value = attention.query_key_value(x[:, i]).view(3, prior.heads, -1)  # of the new slot only
    keys.append(key)
    values.append(value)
    a = torch.einsum("hd,jhd->hj", query, torch.stack(keys)).div(math.sqrt(len(key[0]))).softmax(1)
    o = torch.einsum("hj,jhd->hd", a, torch.stack(values))  # (heads, d)
    outputs.append(attention.output(o.flatten()))
at_once = attention(x)[0]  # (49, width)
difference = (torch.stack(outputs) - at_once).abs().max()
print(
    f"largest difference from computing all slots at once: {difference:.0e}; largest output: {at_once.abs().max():.1f}"
)

# %% [markdown]
# `prior.sample` does this in all blocks (`vqedu.models.transformer.KVCache`). The codes are the same with and without it; only the time differs.


# %%
def timed(cache):
    begin = time.perf_counter()
    indices = prior.sample(64, generator=torch.Generator().manual_seed(0), cache=cache)
    return indices, time.perf_counter() - begin


with_cache, fast = min((timed(True) for _ in range(2)), key=lambda run: run[1])
without, slow = min((timed(False) for _ in range(2)), key=lambda run: run[1])
print("codes that differ:", (with_cache != without).sum().item(), "of", without.numel())

# %% tags=["nbval-ignore-output"]
print(f"64 images: {fast:.2f} s with the cache, {slow:.2f} s without, {slow / fast:.1f} times as long (best of two)")

# %% [markdown]
# Without the cache, sampling does not take 1225 / 49 = 25 times as long, because a processor computes many slots at once more efficiently than one after another. For $n$ codes, the ratio of the slots computed without and with the cache is $(n + 1)/2$, so the longer the sequence, the more the cache matters. A language model may draw thousands of tokens.

# %%
widgets.Quiz("code_prior.both-directions")

# %% [markdown]
# ## 11. Try it yourself
#
# Watch a map fill up code by code. The likeliest next codes are listed, each with the image that it would give. Change one code and let the rest be drawn again, or change the temperature.

# %% [markdown] tags=["slide-45"]
# ## Draw an image, one code at a time
#
# Note: Press *Step* a few times and read the bars aloud, then *Fill the rest*. Ask why a blank corner costs almost no bits.

# %%
widgets.TokenExplorer(prior, vqvae)

# %% [markdown]
# ## 12. Other ways to draw codes
#
# Drawing one code after another is not the only way. Two others are worth knowing, because you will meet them in current papers.
#
# **Masked models.** MaskGIT (Chang and others 2022) trains a transformer *without* a causal mask on another task: some of the codes are replaced by a token `[MASK]`, and the network predicts them from all the others, to the left, to the right, above, and below. To draw an image it starts from a map of masks only. It predicts all codes at once, keeps the few it is most certain of, masks the rest again, and repeats, with more codes kept each time. Eight to twelve rounds are enough, whereas a prior like ours needs one step per code, 256 for their maps of $16 \times 16$. If part of a map is given, as in section 9, it may lie anywhere, not only at the beginning. There are two drawbacks: codes kept in the same round are drawn independently of each other, and the probability of a whole map cannot be computed in one pass.
#
# **Diffusion models.** A diffusion model learns to remove noise, a little at a time, and draws by starting from pure noise. Latent diffusion (Rombach and others 2022) does this with the continuous $z_e$ or $z_q$ of an autoencoder, and is the kind of model behind Stable Diffusion; the autoencoder then plays the role that the VQ-VAE plays here. Diffusion also works on indices: there, adding noise means replacing codes by random ones or by masks (VQ-Diffusion; Gu and others 2022). With masks it is a close relative of MaskGIT. What all of them share with this notebook is the division of labor: first a network that describes an image in fewer numbers, then a model of these descriptions.

# %% [markdown]
# ## Summary
#
# - The codes of a VQ-VAE need a prior. Random codes decode to noise, because the maps of real images are a tiny part of all maps.
# - A causal transformer predicts each code from all earlier ones. The product of its predictions is the probability of the map.
# - The surprise of a map is a length in bits. An arithmetic coder comes within a few bits of it, provided that encoder and decoder compute exactly the same probabilities.
# - Sampling draws one code at a time. A lower temperature trades variety for tidiness; always taking the likeliest code gives one map, and not a typical one.
# - A class token, a prefix, and guidance steer the draw. The cache of keys and values avoids recomputing what cannot change.
# - A judge that has seen only digits is often certain about noise, too. Before you call samples good, or call them copies, compare them with test images.
#
# **Sources.** Vaswani and others, *Attention is all you need* (2017). Van den Oord and others, *Neural discrete representation learning* (2017), section 4. Razavi and others, *Generating diverse high-fidelity images with VQ-VAE-2* (2019). Ho and Salimans, *Classifier-free diffusion guidance* (2022). Heusel and others, *GANs trained by a two time-scale update rule converge to a local Nash equilibrium* (2017). Jordan and others, *Muon: an optimizer for hidden layers in neural networks* (2024). Chang and others, *MaskGIT* (2022). Rombach and others, *High-resolution image synthesis with latent diffusion models* (2022). Gu and others, *Vector quantized diffusion model* (2022). MacKay, *Information theory, inference, and learning algorithms* (2003), chapter 6.
#
# **Next:** other ways to make codes, and words and images in one sequence: [09 Image tokens](09_image_tokens.ipynb).
