# %% [markdown]
# # 10 · Color and words: the whole course once more, on emoji
#
# Type the name of an emoji, and the network below draws it in color, 32 x 32 pixels large. Try one that you know, such as "woman astronaut, light skin". Then try one that was held out of its training, such as "man firefighter, dark skin", and one that does not exist at all, such as "blue cat". Then switch to **Pick: it reads**, choose a picture, and see what the network calls it.

# %%
import math
import random
from collections import Counter
import torch
from torch import nn
from vqedu import checks, data, losses, metrics, models, plots, pretrained, widgets
from vqedu.data import tokenizer
from vqedu.metrics import rates

RETRAIN = False  # True: train the model of names and pictures here (about half an hour on one core)
torch.set_grad_enabled(False)
emoji = data.load("emoji")
train, unseen, combinations = (emoji.part(s) for s in ("train", "unseen picture", "unseen combination"))
vqvae, judge = pretrained.load("vqvae-emoji"), pretrained.load("judge-emoji")
model = pretrained.retrain("names-and-images", train)[0] if RETRAIN else pretrained.load("names-and-images")

# %%
words = ("woman", "man", "person", "firefighter", "astronaut", "cook", "dark skin", "light skin", "cat", "blue heart")
widgets.WordsAndImages(
    model,
    vqvae,
    combinations,
    text="man firefighter, dark skin",
    temperature=0.7,
    guidance=2.0,
    chips=words,
    title="Words in, picture out, or the other way around: one transformer for both",
)

# %% [markdown]
# You have met every part of this network: the codebook (06), the VQ-VAE (07), the transformer over codes (08), and words and codes in one sequence (09). Everything so far was gray digits and ten classes, though. Two questions remain. What has to change when pictures have color? And if a model has seen a job, a person, and a skin tone, but never the three together, can it draw the combination, or does it only remember whole pictures?
#
# **After this notebook you can**
#
# - choose a likelihood for color pictures, and state its result in bits per dimension,
# - say how the variance of a Gaussian decoder affects the training of a VQ-VAE, and train a VQ-VAE on color pictures,
# - compare a tokenizer with PNG and WebP without fooling yourself,
# - build a vocabulary in which every name can be written,
# - design a test that separates combining from remembering, and read its result,
# - let a model choose among its own drawings, and say who may judge the choice.
#
# **Time:** 65 minutes, and 58 for the exercises. **Builds on:** [07 The VQ-VAE](07_vqvae.ipynb), [08 A prior over codes](08_prior_over_codes.ipynb), and [09 Image tokens](09_image_tokens.ipynb). **Symbols:** [glossary and notation](11_glossary.ipynb).
#
# ## Before you start: three questions from last time

# %%
widgets.Quiz("image_tokens.recall-order", "image_tokens.recall-swapped", "image_tokens.recall-bits")

# %% [markdown]
# ## 1. What changes with color: the likelihood
#
# The data are 3,786 emoji with their names ([Twemoji](https://github.com/jdecked/twemoji), CC BY 4.0). A picture is three numbers per pixel, the amounts of red, green, and blue: a tensor (3, 32, 32), in which a pixel with all three at 1 is white. Unicode gives each emoji a name. Emoji of people come in five skin tones, which the name states, and in yellow, in which case the name states none.

# %%
shown = train.take(list(range(7, len(train.names), 201)))
plots.sentences(shown.x.numpy(), shown.sentences, "Every 201st training picture, with its name")

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 10 minutes.**
# >
# > - **Ask:** "Our decoder assigns each pixel a probability of being ink. What should it output for a channel whose value is 0.6?"
# > - **Usually answered:** "That it is red with probability 0.6." But no one flips a coin there: the channel is 0.6 every time.
# > - **Show:** The two floors, then the curve over σ. Commit the prediction first.

# %% [markdown]
# Until now, every pixel was a Bernoulli variable: ink or paper. Most pixels of a digit are close to 0 or 1, so this was a good description, and the cross-entropy of a perfect reconstruction, $\hat x = x$, was small. What is it for emoji? (`unseen` contains emoji that were kept out of training, and `vqvae` is a VQ-VAE for emoji; section 2 describes both.)


# %%
def floor(x):  # the cross-entropy that remains if x_hat = x, in nats per image
    return torch.special.entr(x).add(torch.special.entr(1 - x)).flatten(1).sum(1).mean().item()


digits, x_hat = (
    data.load("mnist").test.x[:1000],
    torch.sigmoid(vqvae(unseen.x).logits),
)  # (1000, 1, 28, 28), (381, 3, 32, 32)
cross_entropy = losses.reconstruction(torch.logit(x_hat, 1e-6), unseen.x).mean()
print(f"digits: a perfect reconstruction costs {floor(digits):4.0f} nats per image")
print(f"emoji:  a perfect reconstruction costs {floor(unseen.x):4.0f}, and that of our VQ-VAE {cross_entropy:.0f}")

# %% [markdown]
# Most of the loss is now a constant that no network can lower. That does not harm the training, because a constant has no gradient, but the value of the loss tells us little about the pictures. The Bernoulli variable is simply the wrong description: a channel of 0.6 is not a coin that comes up red 60% of the time. We need a distribution over *levels*, the values that a channel can take. The simplest is a **Gaussian** around $\hat x$ with a variance $\sigma^2$ that we choose:
#
# $$-\log p(x \mid z) = \frac{\lVert x - \hat x \rVert^2}{2 \sigma^2} + \frac{d}{2} \log (2 \pi \sigma^2), \qquad d = 3 \cdot 32 \cdot 32 = 3072 .$$
#
# The first term is the squared error divided by twice the variance. Only the division turns it into nats; a squared error by itself has another unit, so we could not add it to a KL, for example.


# %%
def gaussian_nats(x_hat, x, variance):
    squares = (x - x_hat).square().flatten(1).sum(1)  # (N, 3, 32, 32) -> (N,)
    return squares / (2 * variance) + x[0].numel() / 2 * math.log(2 * math.pi * variance)


# %% [markdown]
# There is a catch. A Gaussian is a *density*: it can exceed 1, and then the nats are negative. But stored colors are 256 levels, each $1/255$ wide, so the probability of a level is about the density times $1/255$. Now convert nats to bits by writing $\log_2$ in place of $\log$, and divide by the number of dimensions $d$: the factor $1/255$ then adds $\log_2 255 = 7.99$ bits to each dimension. The result is in the unit in which papers report likelihoods of pictures, **bits per dimension**. A picture stored without any model takes 8.
#
# The other common choice needs no such correction. The **discretized logistic** (Salimans and others 2017) takes a bell curve with heavier tails, the logistic distribution with a scale $s$, and assigns to each of the 256 levels the area under the curve within half a level on either side:
#
# $$P(x_i \mid z) = S\!\left(\frac{x_i + \frac{1}{510} - \hat x_i}{s}\right) - S\!\left(\frac{x_i - \frac{1}{510} - \hat x_i}{s}\right), \qquad S(t) = \frac{1}{1 + e^{-t}},$$
#
# where the levels 0 and 255 also receive the tails beyond them. `losses.discretized_logistic` computes it. (A logistic distribution with scale $s$ has the standard deviation $\pi s / \sqrt 3$, which the code below uses to compare the two at equal standard deviations.) Both distributions have one free number, their width. What should it be?

# %%
widgets.Prediction("colour_and_words.variance")

# %%
logits = torch.logit(x_hat, 1e-6)
sigmas = [0.005 * 1.25**i for i in range(22)]  # standard deviations
in_bits = {"Gaussian": [], "discretized logistic": []}
for sigma in sigmas:
    nats = gaussian_nats(x_hat, unseen.x, sigma**2).mean()
    in_bits["Gaussian"].append(losses.bits_per_dimension(nats, 3072, density=True).item())
    nats = losses.discretized_logistic(logits, unseen.x, sigma * math.sqrt(3) / math.pi).mean()
    in_bits["discretized logistic"].append(losses.bits_per_dimension(nats, 3072).item())

# %%
root = (x_hat - unseen.x).square().mean().sqrt().item()
for name, bits in in_bits.items():
    best = min(range(len(sigmas)), key=bits.__getitem__)
    print(f"{name:20s} {bits[best]:.2f} bits per dimension at a standard deviation of {sigmas[best]:.3f}")
print(f"root of the mean squared error on the unseen pictures: {root:.3f}")
print(f"{(unseen.x == 1).float().mean():.0%} of all values are exactly 1, the level of white")
plots.lines(
    {name: (sigmas, bits) for name, bits in in_bits.items()} | {"stored as it is": (sigmas[::21], [8, 8])},
    "The Gaussian is best where its variance is the squared error; a model of levels needs almost 2 bits less",
    "standard deviation",
    "bits per dimension",
    colors={"Gaussian": "decoder", "discretized logistic": "codebook", "stored as it is": "data"},
    xscale="log",
    dashed=["stored as it is"],
    ylim=(0, 12),
)

# %% [markdown]
# **What we saw.** Up to the spacing of our grid, the Gaussian needs the fewest bits when its standard deviation is the root of the mean squared error. You can check this by hand: set the derivative of the formula with respect to $\sigma^2$ to zero. The logistic needs almost 2 bits less, and the share of pure white suggests why. Around an almost white $\hat x$ a Gaussian puts half of its probability on colors brighter than white, which do not exist, while the logistic assigns all of it to level 255. Its heavier tails should help as well, because most pixels of an emoji are reproduced closely, while a few at the edges are far off.
#
# For a VQ-VAE the variance has a second effect. The loss of notebook 07 adds the commitment loss to $-\log p(x \mid z)$, and the variance decides how much the squared error counts relative to it. The model of this notebook was trained with $\sigma^2 = 0.01$, so the squared error is multiplied by $1 / (2 \sigma^2) = 50$.

# %%
widgets.Quiz("colour_and_words.weight")

# %% [markdown] tags=["exercise"]
# ### Exercise 1 · Bits per dimension
#
# **★★☆ · 10 minutes.** Compute the number that papers report, the bits per dimension, for a Gaussian and for each picture of a batch.
#
# **Contract:** `my_gaussian_bits(x_hat, x, variance)`: two tensors (N, C, H, W) in [0, 1] whose levels are 1/255 apart, and a number → (N,): $-\log_2 p(x \mid z)$ of each picture per dimension, with $p(\text{level}) = N(x; \hat x, \sigma^2) / 255$.


# %% tags=["starter"]
def my_gaussian_bits(x_hat, x, variance):
    squares = (x - x_hat).square().flatten(1).sum(1)  # (N, C, H, W) -> (N,)
    return ...


# %%
checks.gaussian_bits(my_gaussian_bits)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# import math
#
#
# def my_gaussian_bits(x_hat, x, variance):
#     squares = (x - x_hat).square().flatten(1).sum(1)
#     d = x[0].numel()
#     nats = squares / (2 * variance) + d / 2 * math.log(2 * math.pi * variance)
#     return nats / (d * math.log(2)) + math.log2(255)
# ```
#
# </details>

# %% [markdown]
# ## 2. A VQ-VAE for emoji
#
# The network is that of notebook 07 with three changes: three channels at both ends, 64 hidden channels instead of 16, and two **residual blocks** (He and others 2016) on each side of the codebook, between it and the strided convolutions, as in the original VQ-VAE paper. A residual block computes something to *add* to its input. The input itself passes through, so the block has to learn only what to change.


# %%
class ResidualBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width // 2, 3, padding=1),
            nn.BatchNorm2d(width // 2),
            nn.ReLU(),
            nn.Conv2d(width // 2, width, 1),
            nn.BatchNorm2d(width),
        )

    def forward(self, x):
        return torch.relu(x + self.layers(x))  # (N, width, 8, 8) -> the same


# %%
print(f"x {tuple(unseen.x[:1].shape)} -> z_e {tuple(vqvae(unseen.x[:1]).z_e.shape)} -> indices", end=" ")
print(f"{tuple(vqvae.encode(unseen.x[:1]).shape)}, K = {vqvae.codebook_size}")
print(f"{sum(p.numel() for p in vqvae.parameters()):,} weights, trained on {len(train.names):,} pictures")
print(f"squared error per channel: {root**2:.4f} on the {len(unseen.names)} unseen pictures", end=", ")
print(f"{metrics.reached(vqvae, train.x).squared_error:.4f} on the training pictures")

# %% [markdown]
# An *unseen picture* has nothing like it in training: emoji that differ only in tone, gender, or direction, and near copies, were all kept on the same side of the split. Here is every 32nd unseen picture, above its reconstruction from $8 \cdot 8 = 64$ codes:

# %%
plots.image_grid(
    {"$x$": unseen.x[::32].numpy(), r"$\hat{x}$": x_hat[::32].numpy()},
    "Pictures that the VQ-VAE has never seen, and what 64 codes keep of them",
)

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 8 minutes.**
# >
# > - **Ask:** "What will be lost first: color, outline, or text?"
# > - **Usually answered:** "Color." It is the fine lines: letters, eyes, fingers.
# > - **Show:** The explorer: swap a code in the middle of a face.

# %% [markdown]
# Shapes and colors survive, but fine detail does not: look at the lines on the sign, the face of the rabbit, and the flask. Now explore the code maps yourself. Choose a face and replace one of its codes:

# %%
widgets.CodebookExplorer(vqvae, unseen, digits=150)

# %% [markdown]
# ## 3. The codebook as a box of tiles
#
# What does a code draw? For each code we look at all cells that use it, and average the $4 \times 4$ pixels that the decoder outputs there.

# %%
indices = torch.cat([vqvae.encode(part) for part in train.x.split(500)])  # (3205, 8, 8)
made = torch.cat([torch.sigmoid(vqvae.decode(part)) for part in indices.split(500)])  # (3205, 3, 32, 32)
tiles = made.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, 4, 4)  # one for each cell
counts = torch.bincount(indices.flatten(), minlength=512)
mean_tiles = torch.zeros(512, 3, 4, 4).index_add_(0, indices.flatten(), tiles) / counts[:, None, None, None]
order = mean_tiles.mean((1, 2, 3)).argsort(descending=True)
plots.code_patches(mean_tiles[order].numpy(), "The 512 codes, from bright to dark: flat colors, edges, and corners")

# %%
used, perplexity = metrics.code_usage(indices, 512), metrics.perplexity(indices, 512)
top = counts.sort(descending=True).values
print(f"{used:.0%} of the 512 codes are in use, perplexity {perplexity:.0f}")
print(
    f"the most common code fills {top[0] / top.sum():.0%} of all cells, the ten most common {top[:10].sum() / top.sum():.0%}"
)

# %% [markdown]
# Many codes are flat colors, skin tones among them, and many others are edges between a color and the white background, in various directions. Remember from notebook 07 that a code is not a stamp: what it draws also depends on its neighbors, and each tile shows only an average.

# %%
widgets.Quiz("colour_and_words.entropy")

# %% [markdown]
# ## 4. How many bits is an emoji?
#
# With 64 codes from a codebook of 512, a picture takes $64 \cdot 9 = 576$ bits, 72 bytes. Is that good? A fair comparison uses the same pictures at the same size, and counts what must be stored. PNG and WebP files begin with headers, dozens of bytes that would count heavily against a single picture of this size, so all 381 unseen pictures are written side by side as *one* file, and we divide its size by 381.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "72 bytes per emoji. What is missing from this count?"
# > - **Usually answered:** "The error." That too, but also the decoder, which the receiver must have.
# > - **Show:** The printed table, then the size of the file of weights, 533 kB.

# %%
widgets.Prediction("colour_and_words.png")

# %% tags=["nbval-ignore-output"]
shares = rates.shares(indices, 512)  # of the training set
coded = rates.by_shares(vqvae.encode(unseen.x), shares).mean().item()
webp = {quality: rates.file(unseen.x, "webp", quality) for quality in (1, 5, 20, 50, 80)}
print(f"PNG, nothing lost:                {rates.file(unseen.x, 'png').bits:7,.0f} bits per picture")
print(f"WebP, nothing lost:               {rates.file(unseen.x, 'webp').bits:7,.0f}")
for quality, made_of in webp.items():
    print(
        f"WebP, quality {quality:2d}:                 {made_of.bits:7,.0f}, squared error {(made_of.images - unseen.x).square().mean():.4f}"
    )
print(f"64 codes of 9 bits:               {64 * 9:7,.0f}, squared error {root**2:.4f}")
print(f"64 codes, frequent ones shorter:  {coded:7,.0f}, the same error")

# %% [markdown]
# **What we saw.** Our squared error lies between those of WebP at the two lowest qualities in the table. If we interpolate between the two, our codes take about a sixth fewer bits than WebP at equal error, on pictures that the VQ-VAE never saw, and fewer still if frequent codes get shorter bit strings. Before you celebrate: WebP was made for images of any kind and size, while our VQ-VAE was trained on nothing but emoji. The receiver also needs its decoder. The file with all its weights takes up 533 kB, as much as 7,000 pictures of 72 bytes. Because each picture saves only about 15 bytes compared with WebP, sending this file is worthwhile only if tens of thousands of pictures follow.

# %% [markdown]
# ## 5. Names as tokens
#
# In notebook 09 the vocabulary had 17 words, and any other word was an error. The names of emoji contain well over a thousand different words, most of which occur in only one name. If every word were a token of its own, most tokens would be too rare to learn anything about. If every letter were a token, names would be long, and a single token would mean next to nothing. The tokenizers of language models take a middle way: frequent words stay whole, and rare words are split into smaller pieces. The simplest version of this keeps every word that occurs in at least two different names, and writes the others as a sequence of smaller pieces, mostly letters.

# %%
pieces = tokenizer.vocabulary(train.sentences)
print(f"{len(pieces)} pieces, {sum(len(piece.strip()) == 1 for piece in pieces)} of them letters and signs")
for name in ("man firefighter, dark skin", "blue heart", "woman farrier", "okapi"):
    print(f"{name!r:30} -> {tokenizer.pieces(name, pieces)}")

# %% [markdown]
# A piece that ends in a space ends a word, so the words can be recovered without ambiguity (punctuation is dropped), and each letter is in the vocabulary twice: within a word and at its end. The tokenizer always takes the longest piece that fits, which is why "okapi" ends in `pi `: "pi" happens to be in the vocabulary, because "man with gua pi mao" comes in several skin tones, and each of them counts as a different name. Now a name and its picture form one sequence, in one of two orders, exactly as in notebook 09: $16$ slots for the name (the mark `<end>` fills the unused ones), $64$ for the codes, and two slots for the marks `<words>` and `<image>`, which announce what follows.
#
# We also take classifier-free guidance from notebook 08. In a tenth of the training examples the name was left out, so the model has also learned $p(\text{codes})$, without a request. When it draws, we can therefore use the logits $\ell_{\text{any}} + w \, (\ell_{\text{name}} - \ell_{\text{any}})$, where $\ell_{\text{name}}$ and $\ell_{\text{any}}$ are the logits with and without the name, and the weight $w$ is `guidance` in the code. With $w = 2$, the codes that the name makes more likely are favored even more strongly.

# %%
weights = sum(p.numel() for p in model.parameters())
print(f"{weights:,} weights; vocabulary: 512 codes + {len(model.words)} pieces + 3 marks")
tokens = model.prompt("man firefighter, dark skin")[0]
print("a request:", [str(model.vocabulary[token]) for token in tokens][:9], "...")

# %%
widgets.Quiz("colour_and_words.letters")

# %% [markdown]
# ## 6. Twenty-four sentences, twenty-four pictures
#
# How well does the model draw? We ask for twenty-four sentences. The first twelve are drawn at random from the *unseen combinations*. Each of these names a role (such as firefighter), a person (woman, man, or just person), and a skin tone (one of the five, or none). Each of the three was in training, but never all of them together. The other twelve come from the training set. We show one drawing per sentence, the first, with fixed seeds, so nothing is picked by hand.

# %%
pick = random.Random(10).sample
asked = pick(combinations.sentences, 12) + pick(train.sentences, 12)
codes = model.draw(asked, 1, 0.7, torch.Generator().manual_seed(0), guidance=2.0)  # (24, 8, 8)
drawn = torch.sigmoid(vqvae.decode(codes))
plots.sentences(
    drawn.numpy(), asked, "A network draws what it reads: the first twelve combinations were never in training"
)

# %% [markdown]
# How much of this is memory? Beside each drawing, at half the size, is the training picture that is nearest to it in squared error:

# %%
nearest, distance = metrics.nearest_pictures(drawn, train.x)
plots.sentences(
    drawn.numpy(), asked, "Each drawing, and beside it the nearest picture in training", beside=train.x[nearest].numpy()
)

# %% tags=["nbval-ignore-output"]
again = torch.sigmoid(vqvae(train.x[nearest]).logits)
own = (again - train.x[nearest]).square().flatten(1).mean(1)
print(f"distance to the nearest training picture: {distance[:12].mean():.4f} for the unseen combinations", end=", ")
print(f"{distance[12:].mean():.4f} for training sentences")
print(f"distance of these training pictures to their own reconstructions: {own.mean():.4f}")

# %% [markdown]
# **What we saw.** A drawing is made of codes, so even a perfect copy of a training picture would differ from it by the error of the VQ-VAE, the last number. On average the drawings are several times as far away, so they cannot all be exact copies. This does not yet show that they are good, because a poor drawing is far from everything. Even some training sentences fail, as the cherry blossom and the Christmas tree show. Often the nearest picture shows the same role, as we would hope. Look at what differs between the two: the tone, the person, or a detail that the drawing got wrong.

# %% [markdown]
# ## 7. Does it combine, or does it remember?
#
# A figure of 24 drawings is an anecdote. For a measurement we need a judge that assigns each drawing a role, a person, and a tone: a classifier with three outputs, trained on the training pictures and on their reconstructions by the VQ-VAE, so that it does not mistake blur for another skin tone. It was never trained on drawings. It is not perfect, so we first state how often it is right about *real* pictures of the unseen combinations, and about their reconstructions. The share for the reconstructions is about the most that we can expect of drawings, since they come from the same codes and the same decoder.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 12 minutes.**
# >
# > - **Ask:** "The model draws 'man firefighter, dark skin', which it has never seen. What must it have learned to do so?"
# > - **Usually answered:** "Nothing special: it has seen firefighters." Ask what a model that remembers whole pictures would draw.
# > - **Show:** Commit the prediction, then the table. Ask which of the three parts fails most.

# %%
widgets.Prediction("colour_and_words.unseen")


# %%
def shares_right(pictures, people, n=1):
    """The shares with the right role, person, tone, and all three; n pictures of each of the people."""
    seen = judge.predict(pictures)
    wanted = judge.numbers(people.roles, people.people, people.tones)
    right = torch.stack([a == b.repeat_interleave(n) for a, b in zip(seen, wanted)])  # (3, N * n)
    return [*right.float().mean(1).tolist(), right.all(0).float().mean().item()]


def draw_and_judge(people, n, temperature=0.7, guidance=2.0):
    generator = torch.Generator().manual_seed(1)
    codes = model.draw(people.sentences, n, temperature, generator, guidance)
    return shares_right(torch.sigmoid(vqvae.decode(codes)), people, n)


# %% tags=["nbval-ignore-output"]
people = train.take([i for i, role in enumerate(train.roles) if role][::6])
rows = {"real pictures": shares_right(combinations.x, combinations)}
rows["their reconstructions"] = shares_right(torch.sigmoid(vqvae(combinations.x).logits), combinations)
rows["drawn, unseen combinations"] = draw_and_judge(combinations, 2)
rows["drawn, seen combinations"] = draw_and_judge(people, 1)
rows["unseen, without guidance"] = draw_and_judge(combinations, 1, guidance=1.0)
print(f"{'the judge sees the right':27s} role  person  tone  all three")
for name, (role, person, tone, whole) in rows.items():
    print(f"{name:27s} {role:4.0%}   {person:4.0%}   {tone:4.0%}   {whole:4.0%}")

# %% [markdown]
# **What we saw.** By chance, the tone would be right in one of six drawings, the person in one of three, and the role in one of 68. The drawings of unseen combinations are right far more often than that in each of the three parts. This alone does not show that the model combines, however: a model that only remembers could draw the right role and person from a training picture in another tone, so that two of three parts are right. What it could not do is get all three right, because no training picture shows them together. So the last column decides. In two of five drawings of unseen combinations, all three parts are right. Could mistakes of the judge explain that? Hardly. A drawing with only two right parts counts as right only if the judge misreads the third as exactly what was asked for. On reconstructions it misreads the role in 2%, the person in 6%, and the tone in 10%, which is far from 40%. So the model does combine, although not reliably.
#
# For combinations that were in training, all three are right in 68% of the drawings, so new combinations are harder. Only about half of the failures can be blamed on combining, though: a third of the drawings of seen combinations fail too, and so do a fifth of the reconstructions of real pictures. The person is the hardest part to draw, perhaps because a woman and a man in the same role differ in only a few pixels. Guidance raises the share of all three from 25% to 40%. Most of this is the tone; the person does not improve.
#
# Keep the size of the model in mind when you read these numbers. It has about a million weights and was trained on 3,205 pictures for half an hour. Would longer training help? We once trained it half as long, for 40 epochs instead of 80. In that one run, the share of all three was 59% for seen and 37% for unseen combinations. The difference of 3 percentage points for the unseen ones is within the chance variation of 400 drawings. The difference for seen ones is larger, but it rests on fewer drawings: to call it real, we would need more seeds.

# %%
widgets.Quiz("colour_and_words.test")

# %% [markdown]
# ## 8. Reading: from a picture to a name
#
# Now we use the same weights in the other order: the codes come first, and the model writes the name. A name counts as *exact* if every word is right. Because one wrong word in five is a smaller mistake than five wrong words, we also compute the **word F1**: twice the number of words that the two names share, divided by the number of words in both names together.


# %%
def word_f1(said, name):
    a, b = Counter(said.split()), Counter(tokenizer.words(name))
    return 2 * (a & b).total() / (a.total() + b.total())


def read_and_score(part):
    said = [name for x in part.x.split(200) for name in model.read(vqvae.encode(x))]
    exact = sum(s.split() == tokenizer.words(name) for s, name in zip(said, part.sentences)) / len(said)
    return said, exact, sum(map(word_f1, said, part.sentences)) / len(said)


# %% tags=["nbval-ignore-output"]
parts = {
    "unseen combinations": combinations,
    "unseen pictures": unseen,
    "training, every 8th": train.take(list(range(0, len(train.names), 8))),
}
said = {}
for name, part in parts.items():
    said[name], exact, f1 = read_and_score(part)
    print(f"{name:20s} exact {exact:4.0%}, word F1 {f1:.2f}, {len(part.names)} pictures")

# %% tags=["nbval-ignore-output"]
some = list(range(5, 381, 25))
names = [f"{said['unseen pictures'][i]} [{unseen.sentences[i]}]" for i in some]
plots.sentences(unseen.x[some].numpy(), names, "Unseen pictures: what the model calls them [and what they are]")

# %% [markdown]
# **What we saw.** Four of five unseen combinations are named word for word. For the training pictures it is 96%, but the two numbers are not directly comparable, because the training pictures also include animals, objects, and flags, many with rare words in their names. None of the unseen pictures is named exactly, which is no surprise, because no similar picture, with the key word of its name, was in training. But the names are not random either. On average about a third of the words are right (word F1 0.31), and in the figure these are mostly the person and the tone. What the people do is wrong, because what they do was never in training. Elsewhere the model spells words that do not exist. But the name "man vampire dark skin", which the ninja gets, looks as certain as any correct one: as long as the words exist, nothing tells you that a name is a guess.

# %% [markdown]
# ## 9. Let it read what it draws
#
# Our model names most real pictures of unseen combinations word for word, and yet most of its own drawings of them are wrong somewhere. Like most of us, it recognizes more than it can draw. We can turn this into better drawings: let the model draw the same request several times, read every attempt, and keep the drawing for which it assigns the request the highest probability, that is, the largest $\log p(\text{name} \mid \text{codes})$. This is called **reranking**. DALL-E (Ramesh and others 2021) chose from 512 drawings in a similar way, but a second network, CLIP, scored how well each drawing matched the text. Our model does the scoring itself, with the same weights.
#
# The judge takes no part in the choice. If it chose, it would pick the drawings that happen to fool it, and its own verdict on them would no longer be a measurement.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 6 minutes.**
# >
# > - **Ask:** "The model draws eight times and keeps one. Who may choose: the model, the judge, or you?"
# > - **Usually answered:** "The judge, because it knows best." Then its verdict would no longer measure anything.
# > - **Show:** The table: how many drawings are right as the number of attempts doubles.

# %% [markdown] tags=["exercise"]
# ### Exercise 2 · Keep the best of several drawings
#
# **★★☆ · 8 minutes.** Before you read our version below, write the step that chooses. It is mostly indexing, and wrong indexing often runs without an error.
#
# **Contract:** `my_best(codes, log_p, tries)`: code maps (m · tries, h, w), `tries` consecutive ones for each of m names, and $\log p(\text{name} \mid \text{codes})$ of each map (m · tries,) → (m, h, w): for each name, the map with the largest `log_p`.


# %% tags=["starter"]
def my_best(codes, log_p, tries):
    rows = log_p.view(-1, tries)  # one row for each name
    return ...


# %%
checks.keep_best(my_best)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# def my_best(codes, log_p, tries):
#     rows = log_p.view(-1, tries)
#     best = rows.argmax(1)  # (m,), each counted from the start of its own row
#     return codes.unflatten(0, (-1, tries))[torch.arange(len(best)), best]
# ```
#
# </details>

# %% [markdown]
# Now we make eight drawings for each of the 200 unseen combinations. We raise the temperature to 1, because choosing helps more when the drawings differ.

# %%
tries = 8
generator = torch.Generator().manual_seed(1)
codes = model.draw(combinations.sentences, tries, 1.0, generator, guidance=2.0)  # (1600, 8, 8)
repeated = [name for name in combinations.sentences for _ in range(tries)]
log_p = model.log_prob(repeated, codes).view(-1, tries)  # (200, 8), nats
tried = torch.cat([torch.sigmoid(vqvae.decode(part)) for part in codes.split(400)]).unflatten(0, (-1, tries))

# %% tags=["nbval-ignore-output"]
print("the best of   role  person  tone  all three")
for n in (1, 2, 4, 8):
    best = log_p[:, :n].argmax(1)  # (200,)
    role, person, tone, whole = shares_right(tried[torch.arange(len(best)), best], combinations)
    print(f"{n:11d}   {role:4.0%}   {person:4.0%}   {tone:4.0%}   {whole:4.0%}")

# %% tags=["nbval-ignore-output"]
rows = [combinations.sentences.index(name) for name in asked[:12]]
plots.sentences(
    tried[rows, best[rows]].numpy(),
    asked[:12],
    "The best of eight drawings by the model's own reading, and beside each the first of the eight",
    beside=tried[rows, 0].numpy(),
    columns=6,
)

# %% [markdown]
# **What we saw.** Among the first drawings, 38% are right in all three parts. Among those kept out of eight, 63% are, and each part alone is right in more than four of five. No weight has changed. The cost is eight times as much drawing, plus eight readings. (All this is one seed and 200 requests.) In the figure, the person facing right has gained legs and a cane. It does not always help: the woman with a beard still has none. If none of the eight drawings is right, there is nothing to choose. For comparison, the judge finds all three parts right in 81% of the reconstructions of real pictures.
#
# Why not keep the drawing that is the most probable itself, the one with the largest $p(\text{codes} \mid \text{name})$? For a given name, Bayes' rule says that $p(\text{name} \mid \text{codes})$ is proportional to $p(\text{codes} \mid \text{name}) / p(\text{codes})$. (Our model learns the two directions separately, so for it this holds only approximately.) So reading rewards what is typical of *this* name, and not what is common in emoji anyway. Guidance uses the same ratio, one code at a time: with $w = 2$ the logits are $2 \, \ell_{\text{name}} - \ell_{\text{any}}$, so each code's probability is multiplied by this ratio, up to normalization. But guidance acts on one code at a time, before the rest of the picture exists, whereas reranking scores finished pictures.

# %%
widgets.Quiz("colour_and_words.judge")

# %% [markdown] tags=["exercise"]
# ### Exercise 3 · The larger task: a VQ-VAE in color, in two minutes
#
# **★★★ · 40 minutes.** Train a VQ-VAE on the emoji yourself. Use `models.VQVAE` and `training.fit` (after `from vqedu import training`), or your own network from notebook 07 with three channels. (Gradients are switched off in this notebook. `training.fit` and the checker switch them on; if you try a training loop of your own here first, call `torch.set_grad_enabled(True)`.) It is up to you to choose the likelihood, the width, the learning rate, and as many epochs as two minutes allow. The checker encodes the 381 unseen pictures, decodes them, and measures.
#
# **Contract:** `my_emoji(x)`: training pictures (3205, 3, 32, 32) → a trained module with `encode(x)` → whole numbers below 512 (N, 8, 8), `decode(indices)` → logits (N, 3, 32, 32). Squared error at most 0.012 per channel on the unseen pictures, at least 100 codes in use. (For the sake of slow machines, the checker stops the training only after 4 minutes of computing time.)
#
# Think first: how long does one epoch take on your machine? What would the error be if every picture were the mean color? With which variance does the squared error outweigh the commitment loss?


# %% tags=["starter"]
def my_emoji(x):
    network = models.VQVAE(512, 16, image_shape=(3, 32, 32))
    ...  # choose a likelihood and a width, and train
    return network


# %%
checks.build_emoji(my_emoji)

# %% [markdown] tags=["solution"]
# <details><summary>Solution</summary>
#
# ```python
# from vqedu import training
#
#
# def my_emoji(x):
#     torch.manual_seed(0)
#     network = models.VQVAE(512, 16, image_shape=(3, 32, 32), width=32, likelihood="gaussian", variance=0.01)
#     training.fit(network, x, epochs=12, batch_size=32, learning_rate=4e-3, background=True)
#     return network
# ```
#
# </details>

# %% [markdown]
# ## Project: your own pictures, your own words
#
# Take pictures that come with words: logos, flags, birds, album covers, or screenshots of letters in several colors. A folder for each class is enough: `data.load("folder", root=...)` reads the pictures, crops them to squares, and makes them 32 x 32 pixels. Train the VQ-VAE of exercise 3 on them, and then `models.NamesAndImages` on their codes and the words you give them.
#
# 1. Before you train, choose *two* splits: pictures unlike all others, and combinations of known parts. Write down why they are fair, and which near copies you kept on one side.
# 2. Write down the numbers you expect: squared error, share of names that are read exactly, share of drawings that are right.
# 3. Build a judge, or let two people judge 50 drawings without knowing what was asked for. State how often the judge is right about real pictures.
# 4. Show 24 drawings with fixed seeds, and the nearest training picture beside each.
# 5. Vary one setting (guidance, temperature, the number of codes, letters instead of words), and measure its effect with at least three seeds.
#
# | | 0 points | 1 point | 2 points |
# |---|---|---|---|
# | **Split** | one random split | a split that keeps near copies together | also unseen combinations, with every part in training |
# | **Prediction** | none | a prediction | also a result that would refute it |
# | **Judge** | the author looked at the drawings | a judge | also the judge's own accuracy on real pictures |
# | **Numbers** | training set only | test set, with units | also a spread over seeds |
# | **Pictures** | picked by hand | fixed seeds | also the nearest training picture beside each |
# | **Failure** | none shown | a failure shown | a failure explained, with a way to detect it |
# | **Code** | runs only on your machine | runs from top to bottom | also seeded, with licenses of the pictures stated |
#
# 12 of 14 points is excellent, 8 is solid. A result that refutes the prediction counts as much as one that confirms it.

# %% [markdown]
# ## Summary
#
# - A likelihood says what an error costs. For ink it is a Bernoulli variable per pixel; for colors, a Gaussian or a discretized logistic per channel, reported in bits per dimension.
# - The best variance of a Gaussian decoder is its mean squared error. In a VQ-VAE the variance also sets the weight of the squared error relative to the commitment loss.
# - 64 codes from a codebook of 512 describe an emoji in 576 bits, usually well enough to recognize it.
# - A vocabulary of frequent words and single letters can write every name. That a word can be written does not mean that the model has learned what it looks like.
# - A model that reads and draws can choose among its own drawings: the best of eight, by $p(\text{name} \mid \text{codes})$, is right far more often than the first.
# - *Unseen combinations* test whether a model puts parts together; *unseen pictures* show where its knowledge ends. A judge's numbers mean something only beside the judge's own accuracy.
#
# **Next:** go back to [00 Start here](00_start_here.ipynb) and read the map once more: you have now met every model on it. Words and symbols are in the [glossary](11_glossary.ipynb).
#
# **Sources.** Salimans and others, *PixelCNN++: improving the PixelCNN with discretized logistic mixture likelihood and other modifications* (2017). He and others, *Deep residual learning for image recognition* (2016). Van den Oord and others, *Neural discrete representation learning* (2017). Ho and Salimans, *Classifier-free diffusion guidance* (2022). Ramesh and others, *Zero-shot text-to-image generation* (2021).
