"""`python -m cnn_explainer` is the command line too."""

from .cli import main

main()
