# %% [markdown]
# # 10 · Glossary and notation
#
# One symbol, one meaning, one name in the code. Each row says where the symbol first appears. $N$ is the number of images in a batch.
#
# **Contents:** [images and codes](#Images-and-codes) · [probabilities](#Probabilities) · [vector quantization](#Vector-quantization) ·
# [priors and tokens](#Priors-and-tokens) · [three papers side by side](#The-lecture-and-two-papers) · [words](#Words) · [rules](#Rules-that-never-change)

# %% [markdown]
# ## Images and codes
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $x$ | image: grey levels from 0 (paper) to 1 (ink) | $(N, 1, 28, 28)$ | `data.Split.x` | [01 § 1](01_autoencoder.ipynb#1.-What-is-an-image-to-a-computer?) |
# | $\hat x$ | reconstruction: the sigmoid of the logits | $(N, 1, 28, 28)$ | `models.AutoencoderOutput.logits` | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | $g$ | encoder: image to code | $784 \to D$ | `models.Autoencoder.encode` | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | $f$ | decoder: code to image | $D \to 784$ | `models.Autoencoder.decode` | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | $z$ | code, or latent vector | $(N, D)$ | `models.AutoencoderOutput.z` | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | $l$ | logit: what the decoder says of a pixel, $-\infty$ to $\infty$ | $(N, 1, 28, 28)$ | `models.AutoencoderOutput.logits` | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | $s(l)$ | sigmoid, $1 / (1 + e^{-l})$ | as $l$ | – | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |

# %% [markdown]
# ## Probabilities
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $p(z)$ | prior: what we assume about codes before any image is seen, here $N(0, I)$ | a density | `lessons.toy.LatentModel.log_prior` | [01 § 6](01_autoencoder.ipynb#6.-Can-it-invent-images?) |
# | $p(x \mid z)$ | likelihood: how probable the decoder finds an image, given its code | $(N,)$ nats, as a logarithm | `losses.reconstruction` | [01 § 6](01_autoencoder.ipynb#6.-Can-it-invent-images?) |
# | $p(x)$ | evidence: how probable the whole model finds an image | $(N,)$ nats, as a logarithm | `metrics.log_likelihood` | [02 § 1](02_elbo.ipynb#1.-The-probability-of-an-image) |
# | $p(z \mid x)$ | true posterior: which codes the image could have come from; unknown | a density | `lessons.toy.LatentModel.log_posterior` | [02 § 3](02_elbo.ipynb#3.-A-posterior-for-each-image) |
# | $q(z \mid x)$ | stand-in for the posterior: a Gaussian that the encoder puts out | a density | `models.VAE.encode` | [02 § 3](02_elbo.ipynb#3.-A-posterior-for-each-image) |
# | $\mu$ | mean of $q$ | $(N, D)$ | `models.VAEOutput.mu` | [02 § 3](02_elbo.ipynb#3.-A-posterior-for-each-image) |
# | $\sigma$ | standard deviation of $q$: `exp(logvar / 2)` | $(N, D)$ | – | [02 § 3](02_elbo.ipynb#3.-A-posterior-for-each-image) |
# | $\log \sigma^2$ | logarithm of the variance of $q$; what the network puts out | $(N, D)$ | `models.VAEOutput.logvar` | [02 § 5](02_elbo.ipynb#The-KL-of-two-Gaussians) |
# | $\varepsilon$ | noise from $N(0, I)$, drawn anew for each image and step | $(N, D)$ | `models.reparameterize` | [03 § 2](03_reparameterization.ipynb#2.-Move-the-randomness-out-of-the-way) |
# | $\mathrm{KL}(q \,\Vert\, p)$ | Kullback-Leibler divergence of $q$ from $p$, never negative | $(N,)$ nats | `losses.kl_to_standard_normal` | [02 § 4](02_elbo.ipynb#4.-The-derivation,-five-lines,-each-with-its-number) |
# | ELBO | evidence lower bound, at most $\log p(x)$ | one number, nats per image | `losses.elbo` | [02 § 4](02_elbo.ipynb#4.-The-derivation,-five-lines,-each-with-its-number) |
# | $\mathcal{L}_k$ | the bound with $k$ samples inside the logarithm | $(N,)$ nats | `losses.importance_weighted_bound` | [02 § 6](02_elbo.ipynb#6.-More-samples,-a-tighter-bound) |
# | $\beta$ | weight of the KL in the loss; 1 is the ELBO | a number | `losses.effective_beta` | [05 § 2](05_inside_the_vae.ipynb#2.-What-is-my-β-really?) |

# %% [markdown]
# ## Vector quantization
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $z_e$ | what the encoder says, before it is quantized: one vector of $D$ numbers for each position | $(N, D, 7, 7)$ | `models.VQVAEOutput.z_e` | [06](06_vector_quantization.ipynb) |
# | codebook | the table of codes | $K \times D$ | `quantizers.VectorQuantizer.lookup` | [05 § 2](06_vector_quantization.ipynb#2.-k-means:-where-should-the-codes-stand?) |
# | $K$ | number of codes: `codebook_size` | a number | `models.VQVAE` | [05 § 2](06_vector_quantization.ipynb#2.-k-means:-where-should-the-codes-stand?) |
# | $D$ | numbers in one code: `code_dim`. In the VAE: numbers in the whole code, `latent_dim` | a number | `models.VQVAE` | [06](06_vector_quantization.ipynb) |
# | $k$ | index of the nearest code, $0$ to $K - 1$. (In notebooks 02 and 05: a number of samples) | $(N, 7, 7)$, whole numbers | `models.VQVAEOutput.indices` | [06](06_vector_quantization.ipynb) |
# | $z_q$ | the nearest code itself, put in the place of $z_e$ | $(N, D, 7, 7)$ | `models.VQVAEOutput.z_q` | [06](06_vector_quantization.ipynb) |
# | $\mathrm{sg}[\cdot]$ | stop-gradient: the value, without its history; `detach()` in torch | as its input | `quantizers.straight_through` | [05 § 6](06_vector_quantization.ipynb#6.-Three-losses:-who-gets-which-gradient?) |
# | $\Vert \mathrm{sg}[z_e] - e \Vert^2$ | codebook loss: moves the codes to the vectors | one number | `models.VQVAEOutput.codebook_loss` | [05 § 6](06_vector_quantization.ipynb#6.-Three-losses:-who-gets-which-gradient?) |
# | $\Vert z_e - \mathrm{sg}[e] \Vert^2$ | commitment loss: moves the vectors to their codes | one number | `models.VQVAEOutput.commitment_loss` | [05 § 6](06_vector_quantization.ipynb#6.-Three-losses:-who-gets-which-gradient?) |
# | $\beta$ in VQ papers | weight of the commitment loss; here always `commitment_cost` | a number | `losses.vqvae` | [05 § 6](06_vector_quantization.ipynb#6.-Three-losses:-who-gets-which-gradient?) |
# | $\gamma$ | decay of the moving averages (EMA): `decay` | a number, 0 to 1 | `quantizers.VectorQuantizer` | [05 § 7](06_vector_quantization.ipynb#7.-Gradients,-or-moving-averages?) |
# | $N_k$ | running count of the vectors that chose code $k$ | $(K,)$ | `quantizers.VectorQuantizer.ema_counts` | [05 § 7](06_vector_quantization.ipynb#7.-Gradients,-or-moving-averages?) |
# | $M_k$ | running sum of these vectors; the code is $M_k / N_k$ | $(K, D)$ | `quantizers.VectorQuantizer.ema_sums` | [05 § 7](06_vector_quantization.ipynb#7.-Gradients,-or-moving-averages?) |
# | $e^{H}$ | perplexity: how many codes, equally used, would be as varied | a number, 1 to $K$ | `metrics.perplexity` | [06 § 3](07_vqvae.ipynb#3.-How-many-codes-are-at-work?-Usage-and-perplexity) |
# | – | usage: the share of codes that appear at all | a number, 0 to 1 | `metrics.code_usage` | [06 § 3](07_vqvae.ipynb#3.-How-many-codes-are-at-work?-Usage-and-perplexity) |

# %% [markdown]
# ## Priors and tokens
#
# | symbol | name | shape | code name | first in |
# |---|---|---|---|---|
# | $p(k_1, \dots, k_{49})$ | learned prior over the codes of an image, read row by row | $(N,)$ nats, as a logarithm | `models.CodePrior.log_prob` | [07 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-a-network-that-keeps-to-it) |
# | $p(k_t \mid k_{<t})$ | the next code, given those before it | $(N, K)$ logits | `models.CodePrior` | [07 § 3](08_prior_over_codes.ipynb#3.-The-product-rule,-and-a-network-that-keeps-to-it) |
# | temperature | divides the logits before a draw: below 1 bolder, above 1 wilder | a number above 0 | `models.CodePrior.sample` | [07 § 7](08_prior_over_codes.ipynb#7.-Drawing-new-digits) |
# | FSQ | finite scalar quantization: each number of $z_e$ is rounded to a few levels; the grid is the codebook | $(N, d, 7, 7)$ | `quantizers.FSQ` | [08 § 1](09_image_tokens.ipynb#1.-A-table-without-learning:-FSQ) |
# | residual VQ | several codebooks in turn, each for what the last one left over | one index a level and position | `quantizers.ResidualVQ` | [08 § 2](09_image_tokens.ipynb#2.-Coarse-to-fine:-residual-VQ) |
# | token | an entry of a shared vocabulary: a word or an image code | a whole number | – | [08 § 6](09_image_tokens.ipynb#6.-Omni-modal-in-miniature) |

# %% [markdown]
# ## The lecture and two papers
#
# The lecture note that this course grew from is one of three dialects you will meet. The others are Kingma and Welling, *Auto-Encoding Variational Bayes* (2014),
# and van den Oord, Vinyals and Kavukcuoglu, *Neural Discrete Representation Learning* (2017). A dash means that the source has no such symbol.
#
# | here | lecture | Kingma and Welling | van den Oord and others | take care |
# |---|---|---|---|---|
# | $x$ | $X$ | $\mathbf{x}^{(i)}$ | $x$ | the upper index $(i)$ counts images, it is no power |
# | $\hat x$ | $\hat X$ | – | – | the papers write $p(x \mid z)$ and mean the distribution, of which $\hat x$ is the mean |
# | encoder $g$ | $g$ | the network with parameters $\boldsymbol\phi$ | encoder | Kingma and Welling's $g_{\boldsymbol\phi}(\boldsymbol\epsilon, \mathbf{x})$ is something else: our `reparameterize` |
# | decoder $f$ | $f$ | the network with parameters $\boldsymbol\theta$ | decoder | |
# | $z$, drawn from $q(z \mid x_i)$ | $z_i$, once $x_i$ | $\mathbf{z}^{(i)}$ | $z$ | where the lecture writes $p(x \mid x_i)$, the decoder reads the code: $p(x \mid z_i)$ |
# | $q(z \mid x)$, what the encoder says | $p(z \mid X)$ | $q_{\boldsymbol\phi}(\mathbf{z} \mid \mathbf{x})$ | $q(z \mid x)$ | the true posterior $p(z \mid x)$ is unknown, so it deserves a letter of its own |
# | $p(x) = \int p(x \mid z)\, p(z)\, dz$ | $\sum_z p(X \mid z)\, p(z)$ | $\int p_{\boldsymbol\theta}(\mathbf{z})\, p_{\boldsymbol\theta}(\mathbf{x} \mid \mathbf{z})\, d\mathbf{z}$ | – | the sum is right for a codebook, the integral for a Gaussian |
# | $\varepsilon$ | – | $\boldsymbol\epsilon$ | – | |
# | ELBO, to be raised | – | $\mathcal{L}(\boldsymbol\theta, \boldsymbol\phi; \mathbf{x}^{(i)})$ | ELBO | our losses are minus the ELBO, since optimizers go down |
# | $D$, length of a VAE's code | – | $J$ | – | |
# | $D$, length of one code | $D$ | – | $D$ | |
# | $K$ | $K$ | – | $K$ | |
# | codebook | codebook, $K \times D$ | – | embedding space $e \in \mathbb{R}^{K \times D}$ | |
# | $z_e$ | $z_e$ | – | $z_e(x)$ | the lecture's "each dimension is replaced by its nearest code": each *position* is, with all its $D$ numbers at once |
# | $z_q$ | quantized code | – | $z_q(x) = e_k$ | |
# | `commitment_cost` | – | – | $\beta$ | not the $\beta$ of a $\beta$-VAE |

# %% [markdown]
# ## Words
#
# | word | meaning | first in |
# |---|---|---|
# | active unit | a latent number whose $\mu_d(x)$ varies over the data (variance above 0.01) | [04 § 4](04_vae.ipynb#4.-What-did-the-two-terms-pay-for?) |
# | aggregate posterior | the clouds $q(z \mid x)$ of all images, laid over one another | [04 § 3](04_vae.ipynb#3.-Can-it-invent-images?) |
# | ancestral sampling | drawing step by step: first the code, then the image from it | [07 § 7](08_prior_over_codes.ipynb#7.-Drawing-new-digits) |
# | code map | the $7 \times 7$ indices of an image | [06 § 2](07_vqvae.ipynb#2.-Codes-you-can-see) |
# | codebook collapse | only a few codes are used, the others are dead | [06 § 4](07_vqvae.ipynb#4.-Kill-a-codebook,-and-bring-it-back) |
# | commitment | what keeps the encoder close to the codes it has chosen | [05 § 6](06_vector_quantization.ipynb#6.-Three-losses:-who-gets-which-gradient?) |
# | cross-entropy | minus the log-probability of what is there; our reconstruction term | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | dead code | a code that no vector has chosen for a long time | [05 § 8](06_vector_quantization.ipynb#8.-Dead-codes) |
# | distortion | what the image still costs, or how wrong it is, once the code is known | [05 § 1](05_inside_the_vae.ipynb#1.-What-a-nat-buys:-rate-and-distortion) |
# | dynamic binarization | throwing a coin for each pixel, with its grey level as probability | [05 § 6](05_inside_the_vae.ipynb#6.-How-good-is-it?-The-log-likelihood) |
# | EMA | exponential moving average; here of the vectors that chose a code | [05 § 7](06_vector_quantization.ipynb#7.-Gradients,-or-moving-averages?) |
# | free bits | nats of KL that each latent number may spend without paying | [05 § 3](05_inside_the_vae.ipynb#3.-Collapse-by-accident,-and-how-to-prevent-it) |
# | KL annealing | raising $\beta$ slowly from 0 | [05 § 3](05_inside_the_vae.ipynb#3.-Collapse-by-accident,-and-how-to-prevent-it) |
# | latent | not observed; a latent number is one entry of a code | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | logit | the number before the sigmoid or the softmax | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | nat | unit of information with the natural logarithm; 1 nat is 1.44 bits | [01 § 3](01_autoencoder.ipynb#3.-The-autoencoder) |
# | posterior collapse | $q(z \mid x)$ equals the prior for every image, and $z$ tells nothing | [05 § 3](05_inside_the_vae.ipynb#3.-Collapse-by-accident,-and-how-to-prevent-it) |
# | rate | how many nats or bits the code costs | [05 § 1](05_inside_the_vae.ipynb#1.-What-a-nat-buys:-rate-and-distortion) |
# | reparameterization | $z = \mu + \sigma \varepsilon$: the noise moves out of the gradient's way | [03 § 2](03_reparameterization.ipynb#2.-Move-the-randomness-out-of-the-way) |
# | score function | $\partial \log q / \partial \mu$; also the gradient estimator made from it, REINFORCE | [03 § 3](03_reparameterization.ipynb#3.-The-other-way:-the-score-function) |
# | straight-through | forwards the nearest code, backwards the gradient as if nothing had been done | [05 § 5](06_vector_quantization.ipynb#5.-Straight-through:-copy-the-arrow) |
#
# ## Rules that never change
#
# - Every loss term is **summed over the elements of one image and averaged over the batch**, in nats per image, unless a name says otherwise.
# - Decoders return logits. The sigmoid comes inside the loss, or before a picture is shown.
# - `logvar` is $\log \sigma^2$. The variance is `exp(logvar)`, the standard deviation `exp(logvar / 2)`.
# - Colours: <span style="color:#009E73">■</span> **green** encoder, <span style="color:#CC79A7">■</span> **purple** codebook, <span style="color:#0072B2">■</span> **blue** decoder,
#   <span style="color:#D55E00">■</span> **red-orange** prior, <span style="color:#000000">■</span> **black** data, <span style="color:#E69F00">■</span> **orange** warnings.
#
# **Back to:** [00 Start here](00_start_here.ipynb).
