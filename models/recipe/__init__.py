"""Recipe of the `sotto-nano` language model: from text to a quantised pack.

One module per step, each a command; `models/README.md` lists them in order.
"""

import os

# Waiting OpenMP threads spin by default, which more than halves the speed when something else runs too. Has to
# be set before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
