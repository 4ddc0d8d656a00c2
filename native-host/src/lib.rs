//! Sotto's host process. The binary is thin; everything that it does is here, so that tests and fuzz targets reach it.
