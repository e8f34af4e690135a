"""The live page: reads the store, shows what is unusual, and never looks live when it is not.

`app.create_app` makes it, `app.make_server` serves it. Nothing here writes to the store.
"""
