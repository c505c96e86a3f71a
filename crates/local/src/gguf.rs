//! The model file: the numbers of the architecture, the weights, the vocabulary.
//!
//! candle reads the container; this module names the keys and tensors that a
//! llama in GGUF has and says which one is missing or unexpected.
//! Keys: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};

use crate::LocalError;
use crate::kernel::{Linear, PanelBlock};

/// A model file in memory, its header parsed.
pub(crate) struct ModelFile {
    path: PathBuf,
    content: Content,
    bytes: Vec<u8>,
}

impl ModelFile {
    pub(crate) fn read(path: &Path) -> Result<Self, LocalError> {
        let bytes = std::fs::read(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => {
                LocalError::NotInstalled { looked_in: path.parent().unwrap_or(path).to_path_buf() }
            }
            _ => LocalError::Unreadable { file: path.to_path_buf(), source },
        })?;
        let content = Content::read(&mut Cursor::new(&bytes)).map_err(|error| {
            LocalError::Malformed { file: path.to_path_buf(), reason: error.to_string() }
        })?;
        Ok(Self { path: path.to_path_buf(), content, bytes })
    }

    pub(crate) fn malformed(&self, reason: impl Into<String>) -> LocalError {
        LocalError::Malformed { file: self.path.clone(), reason: reason.into() }
    }

    /// A count in the metadata.
    pub(crate) fn count(&self, key: &str) -> Result<usize, LocalError> {
        let value = self.value(key)?;
        value
            .to_u32()
            .map(|n| n as usize)
            .map_err(|_| self.malformed(format!("{key} is not a count")))
    }

    /// A number in the metadata.
    pub(crate) fn number(&self, key: &str) -> Result<f32, LocalError> {
        self.value(key)?.to_f32().map_err(|_| self.malformed(format!("{key} is not a number")))
    }

    /// A text in the metadata.
    pub(crate) fn text(&self, key: &str) -> Result<&str, LocalError> {
        let value = self.value(key)?;
        value
            .to_string()
            .map(String::as_str)
            .map_err(|_| self.malformed(format!("{key} is not a text")))
    }

    /// A list of texts in the metadata.
    pub(crate) fn texts(&self, key: &str) -> Result<Vec<&str>, LocalError> {
        let wrong = || self.malformed(format!("{key} is not a list of texts"));
        let list = self.value(key)?.to_vec().map_err(|_| wrong())?;
        list.iter().map(|item| item.to_string().map(String::as_str).map_err(|_| wrong())).collect()
    }

    /// A list of counts in the metadata.
    pub(crate) fn counts(&self, key: &str) -> Result<Vec<i32>, LocalError> {
        let wrong = || self.malformed(format!("{key} is not a list of counts"));
        let list = self.value(key)?.to_vec().map_err(|_| wrong())?;
        list.iter().map(|item| item.to_i32().map_err(|_| wrong())).collect()
    }

    /// A tensor of plain numbers.
    pub(crate) fn vector(&self, name: &str, len: usize) -> Result<Vec<f32>, LocalError> {
        let bytes = self.tensor(name, GgmlDType::F32, &[len])?;
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Ok(bytes.chunks_exact(4).map(number).collect())
    }

    /// A tensor of quantised weights, `outputs` rows of `inputs` each.
    pub(crate) fn linear<B: PanelBlock + Clone + Send>(
        &self,
        name: &str,
        dtype: GgmlDType,
        inputs: usize,
        outputs: usize,
    ) -> Result<Linear<B>, LocalError> {
        let bytes = self.tensor(name, dtype, &[outputs, inputs])?;
        Linear::from_file_order(bytes, inputs, outputs)
            .ok_or_else(|| self.malformed(format!("tensor {name} does not divide into blocks")))
    }

    fn value(&self, key: &str) -> Result<&Value, LocalError> {
        self.content
            .metadata
            .get(key)
            .ok_or_else(|| self.malformed(format!("no {key} in its metadata")))
    }

    fn tensor(&self, name: &str, dtype: GgmlDType, shape: &[usize]) -> Result<&[u8], LocalError> {
        let info = self
            .content
            .tensor_infos
            .get(name)
            .ok_or_else(|| self.malformed(format!("no tensor {name}")))?;
        if info.ggml_dtype != dtype || info.shape.dims() != shape {
            let found = format!("{:?} {:?}", info.ggml_dtype, info.shape.dims());
            return Err(
                self.malformed(format!("tensor {name} is {found}, not {dtype:?} {shape:?}"))
            );
        }
        let len = info.shape.elem_count() / dtype.block_size() * dtype.type_size();
        usize::try_from(self.content.tensor_data_offset.saturating_add(info.offset))
            .ok()
            .and_then(|start| self.bytes.get(start..start.checked_add(len)?))
            .ok_or_else(|| self.malformed(format!("tensor {name} ends beyond the file")))
    }
}
