"""The fakes for a server started by hand: ``python -m tests.fake_services`` prints what it needs in its environment."""

import threading

from tests.fake_services.fixtures import FakeServices


def main() -> None:
    services = FakeServices()
    for service in services.all:
        service.start()
    for name, url in services.environment.items():
        print(f"export {name}={url}", flush=True)
    print("# until Ctrl-C", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
