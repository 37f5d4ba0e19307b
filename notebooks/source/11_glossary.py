# %% [markdown]
# # 11 · Glossary and notation
#
# This page lists the symbols and words of the course, what they are called in the code, and the notebook that introduces them. $N$ is the number of images in a batch. Some letters mean different things in different notebooks, as they do in the papers; [a table](#One-letter,-several-meanings) lists them.
#
# **Contents:** [images and codes](#Images-and-codes) · [probabilities](#Probabilities) · [vector quantization](#Vector-quantization) ·
# [priors and tokens](#Priors-and-tokens) · [one letter, several meanings](#One-letter,-several-meanings) · [the papers' names](#The-papers'-names) · [words](#Words) · [rules](#Rules-that-never-change)

# %% [markdown]
# ## Images and codes
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $x$ | image: gray levels from 0 (paper) to 1 (ink) | $(N, 1, 28, 28)$ | `data.Split.x` | [01](01_autoencoder.ipynb) |
# | $\hat x$ | reconstruction: the sigmoid of the logits | $(N, 1, 28, 28)$ | `models.AutoencoderOutput.logits` | [01](01_autoencoder.ipynb) |
# | $g$ | encoder: image to code | $784 \to D$ | `models.Autoencoder.encode` | [01](01_autoencoder.ipynb) |
# | $f$ | decoder: code to image | $D \to 784$ | `models.Autoencoder.decode` | [01](01_autoencoder.ipynb) |
# | $z$ | code, or latent vector | $(N, D)$ | `models.AutoencoderOutput.z` | [01](01_autoencoder.ipynb) |
# | $l$ | logit of a pixel, $-\infty$ to $\infty$; what the decoder outputs | $(N, 1, 28, 28)$ | `models.AutoencoderOutput.logits` | [01](01_autoencoder.ipynb) |
# | $s(l)$ | sigmoid, $1 / (1 + e^{-l})$ | as $l$ | – | [01](01_autoencoder.ipynb) |
# | $D$ | how many numbers a code has: `latent_dim`; in a VQ-VAE, how many one code vector has: `code_dim` | a number | `models.VAE` | [01](01_autoencoder.ipynb) |

# %% [markdown]
# ## Probabilities
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $N(0, I)$ | standard normal distribution: independent numbers with mean 0 and variance 1 | a density | – | [01](01_autoencoder.ipynb) |
# | $p(z)$ | prior: the distribution of codes before any image is seen, here $N(0, I)$ | a density | `lessons.toy.LatentModel.log_prior` | [01](01_autoencoder.ipynb) |
# | $p(x \mid z)$ | likelihood: the probability that the decoder assigns to an image, given its code | $(N,)$ nats, as a logarithm | `losses.reconstruction` | [01](01_autoencoder.ipynb) |
# | $p(x)$ | evidence, or marginal likelihood: the probability that the whole model assigns to an image | $(N,)$ nats, as a logarithm | `metrics.log_likelihood` | [02](02_elbo.ipynb) |
# | $p(z \mid x)$ | posterior: the distribution of the codes that the image could have come from; usually unknown | a density | `lessons.toy.LatentModel.log_posterior` | [02](02_elbo.ipynb) |
# | $q(z \mid x)$ | approximate posterior: a Gaussian whose mean and variance the encoder outputs | a density | `models.VAE.encode` | [02](02_elbo.ipynb) |
# | $\mu$ | mean of $q$ | $(N, D)$ | `models.VAEOutput.mu` | [02](02_elbo.ipynb) |
# | $\sigma$ | standard deviation of $q$: `exp(logvar / 2)` | $(N, D)$ | – | [02](02_elbo.ipynb) |
# | $\log \sigma^2$ | logarithm of the variance of $q$; what the encoder outputs | $(N, D)$ | `models.VAEOutput.logvar` | [02](02_elbo.ipynb) |
# | $\varepsilon$ | noise from $N(0, I)$, drawn afresh for each image at each step | $(N, D)$ | `models.reparameterize` | [03](03_reparameterization.ipynb) |
# | $\mathrm{KL}(q \,\Vert\, p)$ | Kullback-Leibler divergence from $q$ to $p$, never negative | $(N,)$ nats | `losses.kl_to_standard_normal` | [02](02_elbo.ipynb) |
# | ELBO | evidence lower bound, at most $\log p(x)$ | one number, nats per image | `losses.elbo` | [02](02_elbo.ipynb) |
# | $\mathcal{L}_k$ | the bound with $k$ samples inside the logarithm | $(N,)$ nats | `losses.importance_weighted_bound` | [02](02_elbo.ipynb) |
# | $h$ | any function of $z$ whose mean (or the gradient of that mean) we want | as its output | – | [03](03_reparameterization.ipynb) |
# | $\beta$ | weight of the KL in the loss; 1 gives the ELBO | a number | `losses.effective_beta` | [04](04_vae.ipynb) |

# %% [markdown]
# ## Vector quantization
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $z_e$ | output of the encoder, before quantization: one vector of $D$ numbers for each position | $(N, D, 7, 7)$ | `models.VQVAEOutput.z_e` | [06](06_vector_quantization.ipynb) |
# | codebook | the table of codes, also called embeddings | $K \times D$ | `quantizers.VectorQuantizer.lookup` | [06](06_vector_quantization.ipynb) |
# | $K$ | number of codes: `codebook_size` | a number | `models.VQVAE` | [06](06_vector_quantization.ipynb) |
# | $e_k$ | code number $k$ of the codebook | $(D,)$ | `quantizers.VectorQuantizer.codes` | [06](06_vector_quantization.ipynb) |
# | $k$ | index of the nearest code, $0$ to $K - 1$ | $(N, 7, 7)$, whole numbers | `models.VQVAEOutput.indices` | [06](06_vector_quantization.ipynb) |
# | $z_q$ | the nearest code itself, which takes the place of $z_e$ | $(N, D, 7, 7)$ | `models.VQVAEOutput.z_q` | [06](06_vector_quantization.ipynb) |
# | $\mathrm{sg}[\cdot]$ | stop-gradient: the value, treated as a constant; `detach()` in torch | as its input | `quantizers.straight_through` | [06](06_vector_quantization.ipynb) |
# | $\Vert \mathrm{sg}[z_e] - e \Vert^2$ | codebook loss: moves the codes toward the encoder's outputs | one number | `models.VQVAEOutput.codebook_loss` | [06](06_vector_quantization.ipynb) |
# | $\Vert z_e - \mathrm{sg}[e] \Vert^2$ | commitment loss: moves the encoder's outputs toward their codes | one number | `models.VQVAEOutput.commitment_loss` | [06](06_vector_quantization.ipynb) |
# | $\beta$ in VQ papers | weight of the commitment loss; here always `commitment_cost` | a number | `losses.vqvae` | [06](06_vector_quantization.ipynb) |
# | $\gamma$ | decay of the moving averages (EMA): `decay` | a number, 0 to 1 | `quantizers.VectorQuantizer` | [06](06_vector_quantization.ipynb) |
# | $N_k$ | running count of the vectors that chose code $k$ | $(K,)$ | `quantizers.VectorQuantizer.ema_counts` | [06](06_vector_quantization.ipynb) |
# | $M_k$ | running sum of these vectors; the code is $M_k / N_k$ | $(K, D)$ | `quantizers.VectorQuantizer.ema_sums` | [06](06_vector_quantization.ipynb) |
# | $e^{H}$ | perplexity: the number of equally frequent codes that would have the same entropy | a number, 1 to $K$ | `metrics.perplexity` | [06](06_vector_quantization.ipynb) |
# | – | usage: the share of codes that occur at all | a number, 0 to 1 | `metrics.code_usage` | [07](07_vqvae.ipynb) |

# %% [markdown]
# ## Priors and tokens
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $p(k_1, \dots, k_{49})$ | learned prior over the codes of an image, read row by row | $(N,)$ nats, as a logarithm | `models.CodePrior.log_prob` | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | $p(k_i \mid k_1, \dots, k_{i-1})$ | the probabilities of the next code, given the codes before it | $(N, 49, K)$ logits | `models.CodePrior` | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | $-\log_2 p$ | surprise: the length in bits of the best description of something with probability $p$ | a number, bits | `coding.bits` | [08 § 2](08_prior_over_codes.ipynb#2.-How-far-from-random-are-real-codes?) |
# | $H$ | entropy: the mean surprise | a number, bits | `metrics.perplexity` | [08 § 2](08_prior_over_codes.ipynb#2.-How-far-from-random-are-real-codes?) |
# | $a_{ij}$ | attention weight: how much slot $i$ takes of the value of slot $j$ | rows sum to 1 | `models.transformer.SelfAttention` | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | $o_i$ | output of attention at slot $i$, a weighted mean of values | $(N, t, \text{width})$ | `models.transformer.SelfAttention` | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | $T$ | temperature: divides the logits before a draw; below 1, likely codes become even likelier; above 1, all codes become more equally likely | a number above 0 | `models.CodePrior.sample` | [08 § 7](08_prior_over_codes.ipynb#7.-Drawing-new-digits) |
# | $w$ | guidance weight: how far to go in the direction in which the class moves the logits | a number, 1 changes nothing | `models.CodePrior.sample` | [08 § 9](08_prior_over_codes.ipynb#9.-Asking-for-something) |
# | $y$ | class of an image, the digit | $(N,)$, whole numbers | `data.Split.y` | [08 § 5](08_prior_over_codes.ipynb#5.-What-an-image-costs,-and-what-the-heads-look-at) |
# | $L_d$ | levels of number $d$ in FSQ | a number, at least 3 | `quantizers.FSQ` | [09 § 1](09_image_tokens.ipynb#1.-A-codebook-that-nobody-has-to-learn:-FSQ) |
# | $b_d$, $o_d$, $s_d$ | half range, offset and shift of FSQ's tanh | $(D,)$ | `quantizers.fsq.ScaledTanh` | [09 § 1](09_image_tokens.ipynb#1.-A-codebook-that-nobody-has-to-learn:-FSQ) |
# | $M$ | number of stages of a residual VQ; in the code `num_levels` | a number | `quantizers.ResidualVQ` | [09 § 2](09_image_tokens.ipynb#2.-Coarse-to-fine:-residual-VQ) |
# | $r_m$ | residual: what remains of $z_e$ after the first $m$ stages | $(N, D, 7, 7)$ | `quantizers.ResidualVQ` | [09 § 2](09_image_tokens.ipynb#2.-Coarse-to-fine:-residual-VQ) |
# | $R$ | rotation that turns the direction of $z_e$ into that of $z_q$ | $D \times D$ | – | [09 § 4](09_image_tokens.ipynb#4.-A-gradient-that-turns:-the-rotation-trick) |

# %% [markdown]
# ## One letter, several meanings
#
# We try to give each letter one meaning within a notebook. These letters have more than one:
#
# | letter | means | and elsewhere |
# |---|---|---|
# | $k$ | index of a code (06 to 09) | number of samples in a bound (02, 05). `top_k` is the number of codes that may be drawn; the keys of attention are spelled out, as key |
# | $D$, $d$ | $D$ numbers in a code, and $d$ one of them | in 08, $d$ is the length of a query |
# | $L$ | levels of FSQ, $L_d$ (09) | length of a sequence in the contracts of 08; $\mathcal{L}_k$ is a bound (02) |
# | $l$, $\ell$ | logit | – |
# | $s$ | the sigmoid, $s(l)$ (01) | $s^2$, the variance of a Gaussian decoder (05); $s_d$, the shift in FSQ (09) |
# | $M$ | stages of a residual VQ (09) | $M_k$, running sums of the EMA (06) |
# | $o$ | output of attention (08) | offset in FSQ (09) |
# | $w$ | guidance weight (08) | the direction halfway between two others (09, rotation trick) |
# | $\beta$ | weight of the KL | in VQ papers, the weight of the commitment loss |
# | $e$ | a code of the codebook | Euler's number, as in $e^H$ |
# | $g$ | the encoder | in papers on guidance, the guidance weight |
# | $h$ | any function (03) | – |
# | $R$ | rotation (09) | rate, in nats (05) |

# %% [markdown]
# ## The papers' names
#
# Two papers that you will want to read use other symbols: Kingma and Welling, *Auto-Encoding Variational Bayes* (2014), and van den Oord, Vinyals and Kavukcuoglu, *Neural Discrete Representation Learning* (2017). A dash means that the paper has no such symbol.
#
# | here | Kingma and Welling | van den Oord and others | note |
# |---|---|---|---|
# | $x$ | $\mathbf{x}^{(i)}$ | $x$ | the upper index $(i)$ counts images; it is not a power |
# | $\hat x$ | – | – | the papers write $p(x \mid z)$ and mean the distribution whose mean is $\hat x$ |
# | encoder $g$ | the network with parameters $\boldsymbol\phi$ | encoder | Kingma and Welling's $g_{\boldsymbol\phi}(\boldsymbol\epsilon, \mathbf{x})$ is something else: our `reparameterize` |
# | decoder $f$ | the network with parameters $\boldsymbol\theta$ | decoder | – |
# | $q(z \mid x)$ | $q_{\boldsymbol\phi}(\mathbf{z} \mid \mathbf{x})$ | $q(z \mid x)$ | some lecture notes write $p(z \mid x)$ for it, but that is the true posterior, which is unknown |
# | $p(x) = \int p(x \mid z)\, p(z)\, dz$ | $\int p_{\boldsymbol\theta}(\mathbf{z})\, p_{\boldsymbol\theta}(\mathbf{x} \mid \mathbf{z})\, d\mathbf{z}$ | – | an integral for a Gaussian $z$, a sum for a codebook |
# | $\varepsilon$ | $\boldsymbol\epsilon$ | – | – |
# | ELBO, to be maximized | $\mathcal{L}(\boldsymbol\theta, \boldsymbol\phi; \mathbf{x}^{(i)})$ | ELBO | our losses are minus the ELBO, because optimizers minimize |
# | $D$, length of a VAE's code | $J$ | – | – |
# | $D$, length of one code vector | – | $D$ | – |
# | $K$ | – | $K$ | – |
# | codebook | – | embedding space $e \in \mathbb{R}^{K \times D}$ | – |
# | $z_e$ | – | $z_e(x)$ | each *position* is replaced by its nearest code, with all its $D$ numbers at once |
# | $z_q$ | – | $z_q(x) = e_k$ | – |
# | `commitment_cost` | – | $\beta$ | not the $\beta$ of a $\beta$-VAE |

# %% [markdown]
# ## Words
#
# | word | meaning | first in |
# |---|---|---|
# | active unit | a latent dimension whose mean $\mu_d(x)$ varies over the data (variance above 0.01); the others are inactive | [04](04_vae.ipynb) |
# | activation function | the nonlinear function between two layers, such as ReLU or SiLU | [01](01_autoencoder.ipynb) |
# | aggregate posterior | the distribution of the codes of all images: the average of all $q(z \mid x)$ | [04](04_vae.ipynb) |
# | amortized inference | one encoder computes $q(z \mid x)$ for every image, instead of a new optimization for each | [02](02_elbo.ipynb) |
# | ancestral sampling | drawing step by step, each step given the ones before: first the code, then the image | [08 § 7](08_prior_over_codes.ipynb#7.-Drawing-new-digits) |
# | arithmetic coder | a program that uses predictions to write codes to a file; the file is about as long as their total surprise | [08 § 6](08_prior_over_codes.ipynb#6.-Predicting-is-compressing) |
# | attention | each slot takes a weighted mean of the values of all slots that it may see, itself included; the weights come from queries and keys | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | autoencoder | an encoder and a decoder trained together to reconstruct their input through a bottleneck | [01](01_autoencoder.ipynb) |
# | autoregressive | predicting each part of a sequence from the parts before it | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | baseline | a number subtracted to reduce the variance of a gradient estimator; or a simple method to compare with | [03](03_reparameterization.ipynb) |
# | BatchNorm, LayerNorm | layers that normalize numbers to mean 0 and variance 1, over a batch or over the numbers of one vector | [01](01_autoencoder.ipynb) |
# | beta-VAE | a VAE whose KL has a weight other than 1 | [05](05_inside_the_vae.ipynb) |
# | biased, unbiased | an estimator is unbiased if its mean is the quantity that it estimates | [02](02_elbo.ipynb) |
# | bits per dimension | minus the base-2 logarithm of a picture's probability, divided by its number of values: pixels times channels | [10 § 1](10_colour_and_words.ipynb#1.-What-changes-with-color:-the-likelihood) |
# | bits per code | minus the base-2 logarithm of a map's probability, divided by its 49 codes | [08 § 4](08_prior_over_codes.ipynb#4.-Training) |
# | bits per image | how many bits the codes of one image cost | [07](07_vqvae.ipynb) |
# | bottleneck | the narrow layer between encoder and decoder; its output is the code | [01](01_autoencoder.ipynb) |
# | cache of keys and values | the keys and values stored for earlier slots, so that only the newest slot has to be computed | [08 § 10](08_prior_over_codes.ipynb#10.-The-cache-of-keys-and-values) |
# | causal mask | what keeps attention from looking at later slots: their scores are set to minus infinity | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | classifier-free guidance | running a model with and without the class, and going further in the direction of the difference | [08 § 9](08_prior_over_codes.ipynb#9.-Asking-for-something) |
# | code | $z$; or one vector of a codebook; or its index, where no confusion arises | [01](01_autoencoder.ipynb) |
# | code map | the $7 \times 7$ indices of an image | [07](07_vqvae.ipynb) |
# | codebook collapse | only a few codes are used; the others are dead | [07](07_vqvae.ipynb) |
# | commitment | the loss that keeps the encoder's outputs close to the codes that they have chosen | [06](06_vector_quantization.ipynb) |
# | conditional entropy | the mean surprise of something once something else is known | [08 § 2](08_prior_over_codes.ipynb#2.-How-far-from-random-are-real-codes?) |
# | cross-entropy | minus the log-probability that a model assigns to what actually occurs; our reconstruction loss | [01](01_autoencoder.ipynb) |
# | dead code | a code that no vector has chosen for a long time | [06](06_vector_quantization.ipynb) |
# | diffusion model | a generator that learns to remove noise, and draws by starting from noise | [08 § 12](08_prior_over_codes.ipynb#12.-Other-ways-to-draw-codes) |
# | discretized logistic | a likelihood of 256 levels: a bell curve with heavy tails, cut into one piece per level | [10 § 1](10_colour_and_words.ipynb#1.-What-changes-with-color:-the-likelihood) |
# | discriminator | a network that learns to distinguish real images from generated ones; its output is used as a loss | [09 § 5](09_image_tokens.ipynb#5.-Sharper-pictures:-VQ-VAE-2-and-VQGAN) |
# | disentangled | said of latent dimensions that each control one property | [05](05_inside_the_vae.ipynb) |
# | distortion | what the image still costs, or how large the error of the reconstruction is, once the code is known | [05](05_inside_the_vae.ipynb) |
# | dynamic binarization | flipping a coin for each pixel at each step, with its gray level as the probability of ink | [05](05_inside_the_vae.ipynb) |
# | EMA | exponential moving average; here of the vectors that chose a code | [06](06_vector_quantization.ipynb) |
# | entropy | the mean surprise: what symbols cost on average if frequent ones get short descriptions | [08 § 2](08_prior_over_codes.ipynb#2.-How-far-from-random-are-real-codes?) |
# | epoch | one pass over the training set | [01](01_autoencoder.ipynb) |
# | FID | Fréchet inception distance: compares the features of many samples with those of real images | [08 § 8](08_prior_over_codes.ipynb#8.-Are-they-good?-The-judge,-the-VAE,-and-copies) |
# | free bits | nats of KL that each latent dimension may use without penalty | [05](05_inside_the_vae.ipynb) |
# | FSQ | finite scalar quantization: each number of $z_e$ is rounded to a few levels; the grid is the codebook | [09 § 1](09_image_tokens.ipynb#1.-A-codebook-that-nobody-has-to-learn:-FSQ) |
# | head | one of several attention computations that run side by side, each with its own share of the vector | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | held out | left out of training in order to test the model on it afterward | [09 § 6](09_image_tokens.ipynb#6.-Words-and-images-in-one-sequence) |
# | importance weight | $p(x, z) / q(z \mid x)$: corrects for drawing codes from $q$ instead of the prior | [02](02_elbo.ipynb) |
# | interpolation | decoding the points between two codes | [01](01_autoencoder.ipynb) |
# | Jensen's inequality | the logarithm of a mean is at least the mean of the logarithms | [02](02_elbo.ipynb) |
# | judge | a classifier trained on real pictures that says what a drawing shows; its own accuracy limits what it can confirm | [08 § 8](08_prior_over_codes.ipynb#8.-Are-they-good?-The-judge,-the-VAE,-and-copies) |
# | k-means | assign each point to its nearest center, move each center to the mean of its points, repeat | [06](06_vector_quantization.ipynb) |
# | KL annealing | raising the weight of the KL slowly from 0 | [05](05_inside_the_vae.ipynb) |
# | latent variable | a variable that is not observed; a latent dimension is one number of a code | [01](01_autoencoder.ipynb) |
# | level | one of the values that a number can take after rounding in FSQ | [09 § 1](09_image_tokens.ipynb#1.-A-codebook-that-nobody-has-to-learn:-FSQ) |
# | logit | the number that goes into a sigmoid or a softmax | [01](01_autoencoder.ipynb) |
# | masked model | a model that predicts hidden parts from all others, such as MaskGIT | [08 § 12](08_prior_over_codes.ipynb#12.-Other-ways-to-draw-codes) |
# | Monte Carlo | estimating a mean by averaging random draws | [02](02_elbo.ipynb) |
# | nat | unit of information with the natural logarithm; 1 nat is 1.44 bits | [01](01_autoencoder.ipynb) |
# | omni-modal | handling words, images and other data as one sequence | [09 § 6](09_image_tokens.ipynb#6.-Words-and-images-in-one-sequence) |
# | PCA | principal component analysis: the best linear code for squared error | [01](01_autoencoder.ipynb) |
# | perceptual loss | the distance between the features of two images in a trained network | [09 § 5](09_image_tokens.ipynb#5.-Sharper-pictures:-VQ-VAE-2-and-VQGAN) |
# | perplexity | $e$ raised to the entropy in nats: the number of equally frequent codes that would have the same entropy | [06](06_vector_quantization.ipynb) |
# | piece | a frequent word, or a letter; what names are written in | [10 § 5](10_colour_and_words.ipynb#5.-Names-as-tokens) |
# | position | one of the $7 \times 7$ places of a code map | [06](06_vector_quantization.ipynb) |
# | posterior collapse | $q(z \mid x)$ equals the prior for every image, so $z$ carries no information | [04](04_vae.ipynb) |
# | prefix | the given beginning of a sequence; the rest is drawn | [08 § 9](08_prior_over_codes.ipynb#9.-Asking-for-something) |
# | query, key, value | the three vectors that attention computes from each slot: what it looks for, what it offers, what it passes on | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | rate | how many nats or bits the code costs | [05](05_inside_the_vae.ipynb) |
# | receptive field | the pixels that an output of a convolutional network depends on | [07](07_vqvae.ipynb) |
# | reparameterization | $z = \mu + \sigma \varepsilon$: the randomness no longer depends on the parameters, so gradients can flow through $z$ | [03](03_reparameterization.ipynb) |
# | reranking | drawing several candidates and keeping the one that scores best, here by $p(\text{name} \mid \text{codes})$ | [10 § 9](10_colour_and_words.ipynb#9.-Let-it-read-what-it-draws) |
# | residual | what is left over after subtracting what has already been described | [09 § 2](09_image_tokens.ipynb#2.-Coarse-to-fine:-residual-VQ) |
# | residual block | layers whose output is added to their input | [10 § 2](10_colour_and_words.ipynb#2.-A-VQ-VAE-for-emoji) |
# | residual VQ | several codebooks in turn, each quantizing the residual of the ones before it | [09 § 2](09_image_tokens.ipynb#2.-Coarse-to-fine:-residual-VQ) |
# | revival | moving a dead code onto a vector of the batch | [06](06_vector_quantization.ipynb) |
# | rotation trick | passing the gradient through a rotation and a scaling instead of copying it | [09 § 4](09_image_tokens.ipynb#4.-A-gradient-that-turns:-the-rotation-trick) |
# | score function | $\partial \log q / \partial \mu$; also the gradient estimator built from it, REINFORCE | [03](03_reparameterization.ipynb) |
# | seed | the number that sets up a random generator; the same seed gives the same draws | [03](03_reparameterization.ipynb) |
# | slot | one place of a token sequence | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | softplus | $\log(1 + e^a)$, a smooth way to make a number positive | [03](03_reparameterization.ipynb) |
# | stage | one codebook of a residual VQ | [09 § 2](09_image_tokens.ipynb#2.-Coarse-to-fine:-residual-VQ) |
# | start token | the token in front of the first code; it may carry the class | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | stop-gradient | treating a value as a constant in the backward pass | [06](06_vector_quantization.ipynb) |
# | straight-through | the nearest code in the forward pass, the identity in the backward pass | [06](06_vector_quantization.ipynb) |
# | surprise | $-\log_2 p$, in bits | [08 § 2](08_prior_over_codes.ipynb#2.-How-far-from-random-are-real-codes?) |
# | teacher forcing | in training, the true earlier parts are the input, not the network's own predictions | [05](05_inside_the_vae.ipynb) |
# | token | a whole number from a fixed vocabulary; it represents a code, a word or a mark | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | tokenizer | the part of a system that turns data into tokens; here the encoder and codebook of a VQ-VAE | [09](09_image_tokens.ipynb) |
# | top-k sampling | drawing only from the `top_k` likeliest codes | [08 § 7](08_prior_over_codes.ipynb#7.-Drawing-new-digits) |
# | transformer | a network of blocks, each consisting of attention followed by a small MLP that works on every slot | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | traversal | decoding a code while one of its numbers runs through a range | [05](05_inside_the_vae.ipynb) |
# | unseen combination | a picture whose parts were all in training, but never together | [10 § 7](10_colour_and_words.ipynb#7.-Does-it-combine,-or-does-it-remember?) |
# | usage | the share of codes that occur at all | [07](07_vqvae.ipynb) |
# | VAE | variational autoencoder: an autoencoder whose code is a distribution, trained by the ELBO | [04](04_vae.ipynb) |
# | vocabulary | all tokens that a sequence can contain | [08 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-attention) |
# | Voronoi cell | all points that are nearest to the same code | [06](06_vector_quantization.ipynb) |
# | VQ-VAE | an autoencoder whose code is a map of indices into a codebook | [07](07_vqvae.ipynb) |
# | word F1 | twice the number of words that two texts share, divided by the number of words in both | [10 § 8](10_colour_and_words.ipynb#8.-Reading:-from-a-picture-to-a-name) |
#
# ## Rules that never change
#
# - Every loss term is **summed over the elements of one image and averaged over the batch**, in nats per image, unless a name says otherwise.
# - Decoders return logits. The sigmoid is part of the loss, or is applied before an image is shown.
# - `logvar` is $\log \sigma^2$. The variance is `exp(logvar)`, the standard deviation `exp(logvar / 2)`.
# - Levels belong to FSQ, positions to a code map, stages to a residual VQ, slots to a sequence.
# - Colors: <span style="color:#009E73">■</span> **green** encoder, <span style="color:#CC79A7">■</span> **purple** codebook, <span style="color:#0072B2">■</span> **blue** decoder,
#   <span style="color:#D55E00">■</span> **red-orange** prior, <span style="color:#000000">■</span> **black** data, <span style="color:#E69F00">■</span> **orange** warnings.
#
# **Back to:** [00 Start here](00_start_here.ipynb).
