"""Ways to reach people: one module per notifier. `docs/add-a-notifier.md` says how to add one."""
