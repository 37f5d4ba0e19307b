"""The networks of the course. Each decoder returns logits; sigmoid(logits) are gray levels in (0, 1)."""

from vqedu.models.autoencoder import Autoencoder, AutoencoderOutput, mlp
from vqedu.models.causal_vae import CausalVAE
from vqedu.models.classifier import DigitClassifier
from vqedu.models.code_prior import CodePrior
from vqedu.models.judge import PeopleJudge
from vqedu.models.names_and_images import NamesAndImages
from vqedu.models.vae import VAE, VAEOutput, reparameterize
from vqedu.models.vqvae import VQVAE, VQVAEOutput
from vqedu.models.words_and_images import WordsAndImages

__all__ = [
    "VAE",
    "VQVAE",
    "Autoencoder",
    "AutoencoderOutput",
    "CausalVAE",
    "CodePrior",
    "DigitClassifier",
    "NamesAndImages",
    "PeopleJudge",
    "VAEOutput",
    "VQVAEOutput",
    "WordsAndImages",
    "mlp",
    "reparameterize",
]
