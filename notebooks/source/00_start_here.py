# %% [markdown]
# # Start here
#
# This is where the course ends. The figure below runs one small network that can draw what you ask for in words, and describe in words what an image shows.
# Change the request to `a thick three` or `five plus two`, press *Play*, and watch the drawing grow piece by piece. Then switch to the other direction with the second button: draw a digit, and read what the network writes about it.

# %%
import torch
from vqedu import data, machine, plots, pretrained, widgets

images = data.load("mnist")

# %% [markdown] tags=["slide-45"]
# ## One network reads words and draws pictures

# %%
words_and_images = widgets.WordsAndImages(
    pretrained.load("words-and-images"), pretrained.load("vqvae-mnist"), images.test, text="two plus four"
)
words_and_images.state = {"temperature": 0.6}  # lower: safer drawings, higher: more varied ones
words_and_images

# %% [markdown]
# A network that predicts the next word of a sentence is nothing new. The surprise is that the same network can also draw. It never handles a pixel: to this network an image is
# a sequence of 49 whole numbers, called *image tokens*, and it predicts the next one just as it predicts the next word. A second network translates between tokens and pixels.
#
# So the question behind the whole course is: **how few numbers can describe an image, and what can we do with them?** We start with the *autoencoder*, which describes an image with a handful of numbers.
# The *variational autoencoder* (VAE) arranges these numbers so well that random ones decode to new images. The *VQ-VAE* replaces them with entries of a table, and the image tokens are the positions of these entries in the table.
#
# **After this page you can**
#
# - name the four systems that the course builds, and the question that each one answers,
# - check whether your machine is ready,
# - explain why a decoder that can draw digits does not always draw a digit.
#
# **Time:** 10 minutes. **Builds on:** nothing. The course assumes linear algebra, a little probability, and the basics of PyTorch.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 3 minutes.**
# >
# > - **Ask:** "What is the shortest description of an image from which you could draw it again?"
# > - **Usually answered:** "A compressed file", or "its caption". Both come back: compression in notebook 08, captions in 09.
# > - **Show:** The figure above. Let the room choose a sum, type it, and let the drawing finish before you explain anything.

# %% [markdown]
# ## The map of the course
#
# Each row of the map is one system. The image $x$ enters on the left, and $\hat x$ ("x hat"), the network's reconstruction of it, leaves on the right.
# Between them is the *code*: the numbers that describe the image. Colors mean the same thing throughout the course:
# <span style="color:#009E73">■</span> **green** is the encoder and what it outputs,
# <span style="color:#CC79A7">■</span> **purple** is the codebook, the table of the VQ-VAE, <span style="color:#0072B2">■</span> **blue** is the decoder, and
# <span style="color:#D55E00">■</span> **red-orange** is the prior, which describes which codes we expect before we have seen an image.

# %% [markdown] tags=["slide-45"]
# ## Four networks, each one step from the last
#
# Note: Come back to this picture whenever the lecture changes rows.

# %%
plots.course_map()

# %% [markdown]
# ## Is this machine ready?
#
# Everything in the course runs without a network connection and without a GPU. The next cell checks what is installed here. If a line says *look*, follow its advice and run the cell again.

# %% tags=["nbval-ignore-output"]
machine.check()

# %% [markdown]
# ## Move a code yourself
#
# The network in the next figure was trained on 60,000 handwritten digits. It describes each image with only **two numbers**, $z_1$ and $z_2$, and it can turn any two numbers back into an image.
# A code of two numbers is a point in the plane, so we can look at all codes at once: each dot on the map is the code of one test image, colored by its digit.
#
# What do you expect between the dots? Guess before you look. Your guess stays on this machine, and you can go on without one.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 4 minutes.**
# >
# > - **Ask:** "What does the decoder draw halfway between two digits?"
# > - **Usually answered:** "A blend of the two." Sometimes that is right, but the walk below passes through a clean 6 on its way from a 0 to a 3.
# > - **Show:** The explorer, with a student at the mouse; then the walk.

# %%
widgets.Prediction("start.between")

# %% [markdown]
# Drag the ring over the map, or click on the map and use the arrow keys. You can also draw a digit in the box on the left and see where its code falls.

# %% [markdown] tags=["slide-45"]
# ## What lies between two digits?

# %%
ae2 = pretrained.load("ae-2d")
explorer = widgets.LatentExplorer(ae2, images.test, title="Every point of this map decodes to an image")
explorer

# %% [markdown]
# The strip below the map shows a walk along the dotted line, from the code of a 0 to the code of a 3. Here are the same steps again, a little larger.

# %%
z_a, z_b = torch.tensor(explorer.state["a"]), torch.tensor(explorer.state["b"])  # the two ends of the dotted line
t = torch.linspace(0, 1, 11).view(-1, 1)  # (11, 1): how far along the line
with torch.no_grad():
    walk = torch.sigmoid(ae2.decode((1 - t) * z_a + t * z_b))  # (11, 1, 28, 28)

# %% [markdown] tags=["slide-90"]
# ## Halfway from a 0 to a 3 it draws a 6

# %%
plots.image_grid(
    {"decoded": walk.numpy()},
    "Halfway between a 0 and a 3, this decoder draws a 6",
    columns=[f"{value:.1f}" for value in t.flatten().tolist()],
)

# %% [markdown]
# You might have expected the 0 to turn gradually into a 3. Instead it turns into a 6, because the line from the 0s to the 3s crosses the region of the 6s. Then come
# a smudge and something like a 5, and only at the end do we see a 3. Two things are worth remembering:
#
# - Every point of the map decodes to an image, even where there are no dots. Nearby points decode to similar images, so over *short* steps one image blends smoothly into the next.
# - Nothing forces a point between two digits to decode to a blend of the two, or to a digit at all.
#
# A map on which nearly every point decodes to a plausible digit would let us invent new digits. The next figure shows such a map: that of a variational autoencoder (VAE), the model that notebooks 02 to 04 build. Each tile shows the image that its part of the map decodes to. Drag the ring over this map, too.

# %%
vae2 = pretrained.load("vae-2d")
widgets.LatentExplorer(
    vae2, images.test, view="map", grid=True, title="On a VAE's map, nearly every point decodes to a digit"
)

# %% [markdown]
# Both networks have the same hidden layers, and both describe an image with two numbers. What was different in training? Notebooks 01 to 04 work out the answer.
#
# ## How to work through a notebook
#
# - **Guess before you look.** Before a surprising result you are asked for a prediction, and the result is then drawn over it. A wrong guess teaches you more than no guess. Nothing is locked: you can always go on without answering.
# - **Check yourself.** Some sections end with a question. If you choose a wrong answer, you are told why it is wrong and can try again. From notebook 02 on, each notebook opens with three questions about the one before.
# - **Build things.** Each notebook ends with short exercises and one larger task, in which you build and train something yourself. A checker runs your code and, if something is wrong, tells you what.
# - Look up symbols and terms in the [glossary](11_glossary.ipynb).
# - Run a cell with <kbd>Shift</kbd>+<kbd>Enter</kbd>. "Run All" always works.
# - Trained networks come with the course, so every figure is ready within seconds. Where a notebook says `RETRAIN = False`, you can set it to `True` to train the same network yourself and watch it learn.
# - Change things! If you get lost, choose *Restart kernel and run all cells*.
#
# | notebook | you will | minutes, without exercises |
# |---|---|---|
# | **00 Start here** | see where the course ends, check your machine, move your first code | 10 |
# | [01 The autoencoder](01_autoencoder.ipynb) | describe digits with 32 numbers, beat PCA, see why random codes decode to scribbles | 45 |
# | [02 From Bayes to the ELBO](02_elbo.ipynb) | derive a lower bound on $\log p(x)$ in one line, find out in five more what it leaves out, and check each line numerically | 45 |
# | [03 Reparameterization](03_reparameterization.ipynb) | find a path for the gradient through a random draw, and measure how much noisier the older alternative is | 35 |
# | [04 The VAE](04_vae.ipynb) | build and train a VAE, and generate digits with it | 45 |
# | [05 Inside the VAE](05_inside_the_vae.ipynb) | find out what beta really is, watch a posterior collapse, and rescue it | 60 |
# | [06 Vector quantization](06_vector_quantization.ipynb) | replace vectors with entries of a table, pass a gradient through this step, watch codes die, and revive them | 65 |
# | [07 The VQ-VAE](07_vqvae.ipynb) | see the 49 codes of a digit, swap one, and count how many codes are used and how many bits they take | 75 |
# | [08 A prior over codes](08_prior_over_codes.ipynb) | learn which codes go together, and use that to compress images and draw new digits | 85 |
# | [09 Image tokens](09_image_tokens.ipynb) | quantize without a codebook, and train one network that reads words and draws images | 85 |
# | [10 Color and words](10_colour_and_words.ipynb) | do it all once more in color: draw emoji from their names, and test what was never seen together | 65 |
# | [11 Glossary and notation](11_glossary.ipynb) | look up a symbol or a term | |
#
# ## Where you are
#
# Your answers and the exercises you have solved are saved in a file on this machine (on an exported page, your browser saves the answers). Run the cell again to update the table.

# %% tags=["nbval-ignore-output"]
widgets.progress()

# %% [markdown]
# **Next:** [01 The autoencoder](01_autoencoder.ipynb).
