"""The clients that docs/integration.md shows, run as they stand there. The Python one is run by `make test`
(tests/system/test_python_client.py); the one in Node.js, which needs node and npm, by `make clients`."""
