/** What is used of draco3dgltf, which brings no types: Emscripten's bindings of Google's Draco. */
declare module 'draco3dgltf' {
  interface Attribute {
    num_components(): number;
  }
  interface Geometry {
    num_faces(): number;
    num_points(): number;
  }
  interface Status {
    ok(): boolean;
    error_msg(): string;
  }
  interface DecoderBuffer {
    Init(data: Uint8Array, length: number): void;
  }
  interface Decoder {
    DecodeBufferToMesh(buffer: DecoderBuffer, mesh: Geometry): Status;
    GetAttributeId(mesh: Geometry, type: number): number;
    GetAttribute(mesh: Geometry, id: number): Attribute;
    GetAttributeDataArrayForAllPoints(mesh: Geometry, attribute: Attribute, type: number, bytes: number, pointer: number): boolean;
    GetTrianglesUInt32Array(mesh: Geometry, bytes: number, pointer: number): boolean;
  }
  export interface DecoderModule {
    readonly DecoderBuffer: new () => DecoderBuffer;
    readonly Decoder: new () => Decoder;
    readonly Mesh: new () => Geometry;
    readonly POSITION: number;
    readonly DT_FLOAT32: number;
    readonly HEAPF32: Float32Array;
    readonly HEAPU32: Uint32Array;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
  }
  interface MeshBuilder {
    AddFacesToMesh(mesh: Geometry, faces: number, indices: Uint32Array): boolean;
    AddFloatAttributeToMesh(mesh: Geometry, type: number, vertices: number, components: number, values: Float32Array): number;
  }
  interface Encoder {
    SetSpeedOptions(encode: number, decode: number): void;
    SetAttributeQuantization(type: number, bits: number): void;
    SetEncodingMethod(method: number): void;
    EncodeMeshToDracoBuffer(mesh: Geometry, to: Int8Bytes): number;
  }
  interface Int8Bytes {
    GetValue(at: number): number;
  }
  export interface EncoderModule {
    readonly MeshBuilder: new () => MeshBuilder;
    readonly Encoder: new () => Encoder;
    readonly Mesh: new () => Geometry;
    readonly DracoInt8Array: new () => Int8Bytes;
    readonly POSITION: number;
    readonly MESH_EDGEBREAKER_ENCODING: number;
    destroy(object: object): void;
  }
  const draco3d: { createDecoderModule(): Promise<DecoderModule>; createEncoderModule(): Promise<EncoderModule> };
  export default draco3d;
}
