import { defineConfig, type Plugin } from "vite";

/** Writes the pages once it is known what the bundler calls the script and the style. */
function pages(): Plugin {
  return {
    name: "pages",
    async generateBundle(_, bundle) {
      const parts = Object.values(bundle);
      const entry = parts.find((part) => part.type === "chunk" && part.isEntry);
      const style = parts.find((part) => part.fileName.endsWith(".css"));
      if (!entry || !style) throw new Error("the bundle has no script or no style");
      const { site } = await import("./pages/site.ts");
      for (const [fileName, source] of site({ script: entry.fileName, style: style.fileName })) {
        this.emitFile({ type: "asset", fileName, source });
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [pages()],
  worker: { format: "es" },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { main: "src/entry.ts" },
      // Making the pages takes longer than bundling, which is no news.
      checks: { bundlerTimings: false },
    },
  },
});
