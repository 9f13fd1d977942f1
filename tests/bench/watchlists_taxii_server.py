"""A TAXII 2.1 server of the package registry (medallion, its memory back end), with one collection, as its own program
would run it: Flask's server, HTTP without TLS, basic authentication.

Never does: anything of the product's.
"""

from __future__ import annotations

import logging
import socket
import sys
import warnings

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # it is of 2020
    from medallion import application_instance, load_app

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    load_app(sys.argv[1])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # A client that comes before it listens tries again.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdout = sys.stderr
    application_instance.run("127.0.0.1", port)
