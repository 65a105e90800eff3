"""`python -m live`: the command line in its surroundings."""

import sys

from surroundings import settle

if __name__ == "__main__":
    settle("live")
    from live.command_line import main

    sys.exit(main())
