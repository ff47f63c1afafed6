"""Records and rules: what a judge, an evaluation, feedback and a training job are. No input or output happens here."""
