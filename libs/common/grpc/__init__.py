"""The edge: how gRPC requests come in and answers go out. It decides nothing of any domain."""
