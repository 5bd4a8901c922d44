"""``python -m local_gateway``."""

import sys

if __name__ == "__main__":
    try:
        from local_gateway.cli import main

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
