//! Makes what browsers load smaller, where node is there to run the tools that can.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{npm, process, tools, workspace};

/// The optimiser of modules, wasm-opt, the bundler, esbuild, and the minifier of scripts, terser.
pub(crate) struct Shrinker {
    packages: PathBuf,
}

impl Shrinker {
    /// Installs the tools, or returns `None` where there is no node.
    pub(crate) fn find() -> Result<Option<Self>> {
        if tools::NODE.find().is_none() || tools::NPM.find().is_none() {
            return Ok(None);
        }
        let folder = workspace::root().join("xtask/node");
        npm::install(&folder)?;

        Ok(Some(Self {
            packages: folder.join("node_modules"),
        }))
    }

    /// Optimises the module at `path`. Which instructions it may use is known by now.
    pub(crate) fn module(&self, path: &Path) -> Result<()> {
        let smaller = path.with_extension("smaller");
        let mut wasm_opt = self.tool("binaryen/bin/wasm-opt");
        // The stack comes first in a module's memory and grows down, so that nothing is where it would end.
        wasm_opt.args(["-Oz", "--low-memory-unused", "--strip-target-features"]);
        process::output(wasm_opt.arg(path).arg("-o").arg(&smaller))?;
        std::fs::rename(&smaller, path)?;

        Ok(())
    }

    /// Minifies the script at `path`.
    pub(crate) fn script(&self, path: &Path) -> Result<()> {
        let smaller = path.with_extension("smaller");
        let mut terser = self.tool("terser/bin/terser");
        // Bundlers are told by comments what to leave alone.
        terser.args(["--comments", "/@vite-ignore|webpackIgnore/"]);
        terser.args(["--module", "--compress", "--mangle", "--output"]);
        process::output(terser.arg(&smaller).arg(path))?;
        std::fs::rename(&smaller, path)?;

        Ok(())
    }

    /// Writes the script at `entry` to `path`, as one with all that it imports but `apart`, and minified. It is
    /// there whole or not at all, for a failed import is remembered by its address; and in fewer
    /// round trips.
    pub(crate) fn joined_script(&self, entry: &Path, path: &Path, apart: &[&str]) -> Result<()> {
        let mut esbuild = self.tool("esbuild/bin/esbuild");
        for script in apart {
            esbuild.arg(format!("--external:*/{script}"));
        }
        esbuild.arg(entry).args(["--bundle", "--format=esm"]);
        esbuild.args(["--log-level=warning", "--target=es2022"]);
        process::output(esbuild.arg(format!("--outfile={}", path.display())))?;

        self.script(path)
    }

    fn tool(&self, path: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.packages.join(path));

        command
    }
}
