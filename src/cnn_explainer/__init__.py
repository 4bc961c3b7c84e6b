"""Convolutional networks explained."""
