"""A site as they are usually written, to measure ours beside it: one model, generic views, stock middleware, a pool."""
