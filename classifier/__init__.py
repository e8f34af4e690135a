"""Judge topic and sentiment of texts: the default model, its training and its measurement."""
