"""The objective knows losses, penalties and networks, and the problem that they make together.

It hands on objectives, gradients, proximal operators, certificates and predictions. It never sees
a frame, a solver or a file.
"""
