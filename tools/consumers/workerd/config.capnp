using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(
    name = "locks",
    worker = (
      modules = [(name = "worker", esModule = embed "out/worker.js")],
      compatibilityDate = "2024-09-23",
      compatibilityFlags = ["nodejs_compat"],
    )
  )],
);
