//! The devices that a model can live on.

use burn::tensor::Device;

#[cfg(feature = "webgpu")]
use crate::LmError;

/// The CPU, on one thread; in the browser with WebAssembly SIMD.
pub fn flex_device() -> Device {
    Device::flex()
}

/// The default WebGPU device. Asked for once; later calls give the same one, because burn keeps it for the life of
/// the process. After a device loss the process (in the browser: the worker) has to start again.
///
/// # Errors
/// [`LmError::NoDevice`] if there is no adapter or it gives no device.
#[cfg(feature = "webgpu")]
pub async fn webgpu_device() -> Result<Device, LmError> {
    use std::cell::RefCell;

    thread_local! {
        static DEVICE: RefCell<Option<Device>> = const { RefCell::new(None) };
    }
    if let Some(device) = DEVICE.with_borrow(Clone::clone) {
        return Ok(device);
    }
    let device = Device::wgpu_options()
        .init_async()
        .await
        .map_err(|error| LmError::NoDevice(error.to_string()))?;
    DEVICE.set(Some(device.clone()));
    Ok(device)
}
