"""`python -m cellblock_service` is the `cellblock` command."""

import sys

from cellblock_service.cli import main

sys.exit(main())
