# %% [markdown]
# # Start here
#
# This course follows one question: **what stands between an image and its code?** It starts with the autoencoder,
# which squeezes an image through a few numbers. It goes on to the variational autoencoder (VAE), which can also
# invent images, and to the VQ-VAE, which turns an image into a short list of entries of a table. Such entries are called
# *image tokens*: with them, one network can read words and draw images.
#
# **After this page you can**
#
# - say which four systems the course builds, and what question each one answers,
# - tell that your machine is ready,
# - move a code by hand and see an image answer.
#
# **Time:** 5 minutes. **Builds on:** nothing. The course assumes linear algebra, a little probability, and one torch tutorial.

# %%
from vqedu import data, machine, plots, pretrained, widgets

# %% [markdown]
# ## The map of the course
#
# Read each row from left to right. $x$ is an image, $\hat x$ ("x hat") is the image that comes out at the other end.
# Between them stands the code. Colours mean the same thing everywhere in this course:
# <span style="color:#009E73">■</span> **green** is the encoder and what it says,
# <span style="color:#CC79A7">■</span> **purple** is the codebook, <span style="color:#0072B2">■</span> **blue** is the decoder,
# <span style="color:#D55E00">■</span> **red-orange** is the prior: what we assume about codes before we have seen an image.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 3 minutes.**
# >
# > - **Ask:** "What is the shortest description of an image from which it can still be drawn?"
# > - **Usually answered:** "A compressed file", "its caption". Both come back: the first in notebook 07, the second in 09.
# > - **Show:** The map. Read the four questions at the right aloud, nothing else.

# %%
plots.course_map()

# %% [markdown]
# ## Is this machine ready?
#
# Everything runs without network and without a GPU. The next cell looks at what is here and says so in plain words.
# If a line says *look*, do what it says and run the cell again.

# %% tags=["nbval-ignore-output"]
machine.check()

# %% [markdown]
# ## A first hand on a code
#
# The network below was trained on 60,000 handwritten digits. It turns each image into **two numbers**, $z_1$ and $z_2$,
# and turns two numbers back into an image. Each dot on the map is the code of one test digit.
#
# Commit a guess first: nothing you answer leaves this machine, and nothing waits for an answer.

# %% [markdown] tags=["lecturer"]
# > **For the lecturer · 4 minutes.**
# >
# > - **Ask:** "What lies between two digits?"
# > - **Usually answered:** "A blend of both", or "nothing".
# > - **Show:** The explorer, in a student's hand.

# %%
widgets.Prediction("start.between")

# %% [markdown]
# Now drag the ring over the map, or click the map and use the arrow keys. Draw a digit of your own in the box at the left.

# %%
images = data.load("mnist")
widgets.LatentExplorer(pretrained.load("ae-2d"), images.test, title="Every place on this map decodes to an image")

# %% [markdown]
# What you saw: between two digits the image is a blend, in which one digit bends into the other. Every place on the map
# answers with an image, also places where no dot lies. Near the dots the image is a
# digit. Far from all dots it is a smudge, or a digit that nobody wrote. Why that is so, and how to change it, is what the
# next notebooks are about.
#
# ## How to work through a notebook
#
# - Each section asks a question. **Commit your guess before you go on.** The truth is then drawn over it. A wrong guess
#   teaches more than a right one that was never made. Nothing blocks: without an answer everything runs all the same.
# - Each section ends with three questions *from memory*. They come back to what you have seen. A wrong answer hears why it is wrong, and may be followed by another.
# - Symbols and words stand in the [glossary and notation](10_glossary.ipynb).
# - Run a cell with <kbd>Shift</kbd>+<kbd>Enter</kbd>. "Run All" from top to bottom always works.
# - Trained networks come with the course, so every figure is alive within seconds. Where a notebook says
#   `RETRAIN = False`, set it to `True` to train the same network on your own machine and watch it learn.
# - Change things. To start over, choose *Restart kernel and run all cells*.
#
# | notebook | you will | minutes, exercises not counted |
# |---|---|---|
# | **00 Start here** | check the machine, move a first code | 5 |
# | [01 The autoencoder](01_autoencoder.ipynb) | squeeze digits through 32 numbers, beat PCA, see why random codes decode to junk | 50 |
# | [02 From Bayes to the ELBO](02_elbo.ipynb) | derive the bound in five lines and check each with a number | 65 |
# | [03 Reparameterization](03_reparameterization.ipynb) | find a path for the gradient, and measure what it saves | 45 |
# | [04 The VAE](04_vae.ipynb) | build and train it, generate digits with it | 45 |
# | [05 Inside the VAE](05_inside_the_vae.ipynb) | find out what beta really is, collapse a posterior and cure it | 55 |
# | [06 Vector quantization](06_vector_quantization.ipynb) | turn vectors into entries of a table, pass a gradient through it, kill codes and revive them | 75 |
# | [07 The VQ-VAE](07_vqvae.ipynb) | see the 49 codes of a digit, swap one, count usage and bits | 100 |
# | [08 A prior over codes](08_prior_over_codes.ipynb) | learn which codes go together, compress with it, draw new digits | 90 |
# | [09 Image tokens](09_image_tokens.ipynb) | quantize without a codebook, and train one network that reads words and draws images | 105 |
# | [10 Glossary and notation](10_glossary.ipynb) | look up a symbol or a word | |
#
# ## Where you are
#
# Your answers, and the exercises you have passed, are kept in a file on this machine (in an exported page: your answers, by your browser). Run the cell again to see the newest.

# %% tags=["nbval-ignore-output"]
widgets.progress()

# %% [markdown]
# **Next:** [01 The autoencoder](01_autoencoder.ipynb).
