//! The devices that a model can live on.

#[cfg(feature = "webgpu")]
use crate::LmError;

/// Where a model lives.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Device {
    /// The CPU, on one thread; in the browser with WebAssembly SIMD.
    Cpu,
    /// WebGPU. Callers only pass it on.
    #[cfg(feature = "webgpu")]
    Webgpu(burn::tensor::Device),
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
    let device = burn::tensor::Device::wgpu_options()
        .init_async()
        .await
        .map_err(|error| LmError::NoDevice(error.to_string()))?;
    let device = Device::Webgpu(device);
    DEVICE.set(Some(device.clone()));
    Ok(device)
}

/// [`Device::Cpu`], under the name that it had when burn's CPU backend (`flex`) ran there.
pub fn flex_device() -> Device {
    Device::Cpu
}
